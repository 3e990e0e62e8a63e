import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDataFolder } from '@rport/host'
import { silentLogger, systemClock } from '@rport/kit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../db/index.ts'
import { listDataFiles } from './data-files.ts'
import { type RestoreOptions, refuseUnfinishedRestore, restoreArchive } from './restore-archive.ts'
import { manifestFor, pack } from './testing/pack.ts'
import { type WriteArchiveOptions, writeArchive } from './write-archive.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const LONG_NAME = `${'n'.repeat(120)}.json`

let root = ''
let dataDir = ''
let out = ''
let db: Database
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'rport-backup-'))
  dataDir = join(root, 'data')
  out = join(root, 'backup.tar.gz')
  mkdirSync(join(dataDir, 'acme'), { recursive: true })
  writeFileSync(join(dataDir, 'key_seed'), 'seed\n')
  writeFileSync(join(dataDir, 'acme', LONG_NAME), 'certificate')
  db = await openDatabase({ file: join(dataDir, 'rportd.db'), log: silentLogger, clock: systemClock, groupWindowMs: 0 })
})
afterEach(async () => {
  await db.close()
  rmSync(root, { recursive: true })
})

const addAuth = (id: string) =>
  db.write((trx) => trx.insertInto('client_auths').values({ id, secret_hash: 'x', created_at: 1 }).execute())
const save = async (extra: Partial<WriteArchiveOptions> = {}) => {
  const { files } = await listDataFiles(dataDir, [])
  const sources = files.map(({ path, isDatabase }) => ({
    from: join(dataDir, path),
    isDatabase,
    file: { place: 'data', path } as const,
  }))
  return writeArchive({
    out,
    replace: false,
    dataDir,
    sources,
    leftOut: [],
    createdAt: NOW,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...extra,
  })
}
const restore = (target: string, extra: Partial<RestoreOptions> = {}) =>
  restoreArchive({
    archive: out,
    dataDir: target,
    databaseFile: 'rportd.db',
    force: false,
    now: NOW,
    onProgress: () => undefined,
    ...extra,
  })
const idsIn = async (folder: string) => {
  const copy = await openDatabase({ file: join(folder, 'rportd.db'), log: silentLogger, clock: systemClock })
  const rows = await copy.read.selectFrom('client_auths').select('id').orderBy('id').execute()
  await copy.close()
  return rows.map((row) => row.id)
}

describe('a backup', () => {
  test('of a server that writes all the time is its database as it was at one moment', async () => {
    for (let id = 0; id < 20; id += 1) await addAuth(`a${id}`)
    let isSaving = true
    const writing = (async () => {
      for (let id = 0; isSaving; id += 1) await addAuth(`b${id}`)
    })()
    await save()
    isSaving = false
    await writing
    const target = join(root, 'new')
    await restore(target)
    const ids = await idsIn(target)
    expect(ids.filter((id) => id.startsWith('a'))).toHaveLength(20)
    expect(readFileSync(join(target, 'key_seed'), 'utf8')).toBe('seed\n')
    expect(readFileSync(join(target, 'acme', LONG_NAME), 'utf8')).toBe('certificate')
    expect(readdirSync(target).sort()).toEqual(['acme', 'key_seed', 'rportd.db'])
  })

  test('can be read by its owner only, and so can what is restored', async () => {
    await save()
    const target = join(root, 'new')
    await restore(target)
    const modeOf = (path: string) => statSync(path).mode & 0o777
    expect(modeOf(out)).toBe(0o600)
    expect([target, join(target, 'acme')].map(modeOf)).toEqual([0o700, 0o700])
    expect([join(target, 'rportd.db'), join(target, 'key_seed')].map(modeOf)).toEqual([0o600, 0o600])
  })

  test('replaces another one only when that is wanted', async () => {
    writeFileSync(out, 'precious')
    await expect(save()).rejects.toThrow('is there already: choose another name with --out, or replace it with --force')
    expect(readFileSync(out, 'utf8')).toBe('precious')
    await save({ replace: true })
    await restore(join(root, 'new'))
  })

  test('that fails or is interrupted leaves nothing behind', async () => {
    const before = readdirSync(root)
    const missing = { from: join(root, 'gone'), isDatabase: false, file: { place: 'data', path: 'gone' } as const }
    await expect(save({ sources: [missing] })).rejects.toThrow('ENOENT')
    const stopping = new AbortController()
    await expect(save({ onProgress: () => stopping.abort(), signal: stopping.signal })).rejects.toThrow()
    expect(readdirSync(root)).toEqual(before)
  })

  test('of a damaged database is refused: it would be no backup', async () => {
    await addAuth('a')
    await db.close()
    const file = join(dataDir, 'rportd.db')
    const bytes = readFileSync(file)
    bytes.fill(0x77, 4096 * 2, 4096 * 6)
    writeFileSync(file, bytes)
    await expect(save()).rejects.toMatchObject({ failure: 'damaged' })
    expect(existsSync(out)).toBe(false)
  })

  test('into a folder that cannot be had says so', async () => {
    await expect(save({ out: join(root, 'none', 'a.tar.gz') })).rejects.toThrow('Choose another place with --out')
  })
})

test('locks, leftovers, logs and what a restore put aside are no part of the data', async () => {
  mkdirSync(join(dataDir, 'before-restore-1'))
  mkdirSync(join(dataDir, 'restored'))
  for (const name of [
    '.rportd.lock',
    '.x.0123456789abcdef.tmp',
    'server.log',
    'server.log.1',
    'server.logs',
    'before-restore-1/x',
  ]) {
    writeFileSync(join(dataDir, name), '')
  }
  symlinkSync(join(dataDir, 'key_seed'), join(dataDir, 'linked'))
  symlinkSync(join(dataDir, 'acme'), join(dataDir, 'linked-folder'))
  writeFileSync(join(dataDir, 'new\nline'), '')
  const { files, strange } = await listDataFiles(dataDir, [join(dataDir, 'server.log')])
  expect(files.map(({ path }) => path)).toEqual(['rportd.db', `acme/${LONG_NAME}`, 'key_seed', 'linked', 'server.logs'])
  expect(files[0]?.isDatabase).toBe(true)
  expect(strange).toEqual(['linked-folder', 'new?line'])
})

describe('a restore', () => {
  const contents = (folder: string) =>
    Object.fromEntries(
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'latin1')]),
    )
  let target = ''
  beforeEach(async () => {
    target = join(root, 'old')
    mkdirSync(target)
    writeFileSync(join(target, 'key_seed'), 'older\n')
    await addAuth('kept')
    await save()
  })

  test('takes no folder that holds something', async () => {
    await expect(restore(target)).rejects.toThrow('is not empty (key_seed)')
    expect(contents(target)).toEqual({ key_seed: 'older\n' })
  })

  test('puts aside what was there when it is told to', async () => {
    const { aside } = await restore(target, { force: true })
    expect(aside).toBe(join(target, 'before-restore-20260102T030405'))
    expect(readFileSync(join(target, 'before-restore-20260102T030405', 'key_seed'), 'utf8')).toBe('older\n')
    expect(readFileSync(join(target, 'key_seed'), 'utf8')).toBe('seed\n')
    expect(await idsIn(target)).toEqual(['kept'])
    await refuseUnfinishedRestore(target)
  })

  test('takes no folder of a running server', async () => {
    rmSync(join(target, 'key_seed'))
    const running = await openDataFolder(target, { program: 'rportd' })
    await expect(restore(target)).rejects.toThrow('is in use by rportd')
    await running.close()
  })

  test('of a damaged archive changes nothing', async () => {
    const bytes = readFileSync(out)
    writeFileSync(out, bytes.subarray(0, bytes.length - 20))
    await expect(restore(target, { force: true })).rejects.toThrow('the archive is damaged')
    expect(contents(target)).toEqual({ key_seed: 'older\n' })
  })

  test('of an archive whose database is none changes nothing', async () => {
    const file = { name: 'data/rportd.db', text: 'this is no database, whatever its name says'.repeat(200) }
    await pack(out, [file, manifestFor([file])])
    await expect(restore(target, { force: true })).rejects.toMatchObject({ failure: 'damaged' })
    expect(contents(target)).toEqual({ key_seed: 'older\n' })
  })

  test('that was cut short is seen by the next start, and can be done again without losing anything', async () => {
    writeFileSync(join(target, '.restore-unfinished'), `${out}\n`)
    mkdirSync(join(target, '.restore-Ab12Cd'))
    await expect(refuseUnfinishedRestore(target)).rejects.toThrow(`rportd restore ${out} --force --data-dir ${target}`)
    await restore(target, { force: true })
    await refuseUnfinishedRestore(target)
    expect(readdirSync(target).filter((name) => name.startsWith('.restore'))).toEqual([])
    expect(contents(join(target, 'before-restore-20260102T030405'))).toEqual({ key_seed: 'older\n' })
  })

  test('gives files from outside no place outside', async () => {
    const config = join(root, 'rportd.conf')
    writeFileSync(config, '[server]\n')
    const file = { place: 'outside', path: config, purpose: 'configuration' } as const
    await save({ replace: true, sources: [{ from: config, isDatabase: false, file }] })
    const { outside } = await restore(join(root, 'new'))
    expect(outside).toEqual([
      { was: config, isNow: join(root, 'new', 'restored', 'rportd.conf'), purpose: 'configuration' },
    ])
    expect(readFileSync(join(root, 'new', 'restored', 'rportd.conf'), 'utf8')).toBe('[server]\n')
  })
})

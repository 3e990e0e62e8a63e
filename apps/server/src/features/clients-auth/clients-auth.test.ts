import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Secret, silentLogger, systemClock } from '@rport/kit'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openExternalSqlite } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { createPasswords, LimiterFull } from '../../passwords/index.ts'
import { parseClientAuthFile } from './client-auth-file-format.ts'
import {
  type ClientAuthDirectory,
  createEmbeddedClientAuths,
  createStaticClientAuth,
  openFileClientAuths,
  openTableClientAuths,
} from './index.ts'

let folder: string
let closers: (() => Promise<void>)[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rport-auth-'))
  closers = []
})
afterEach(async () => {
  for (const close of closers) await close()
  rmSync(folder, { recursive: true })
})

const passwords = createPasswords({ clock: systemClock })
const fileOf = (text: string) => {
  const path = join(folder, 'client-auth.json')
  writeFileSync(path, text)
  return path
}

async function openEmbedded() {
  const db = await openTestDatabase()
  closers.push(() => db.close())
  return { db, auths: createEmbeddedClientAuths({ db, passwords, writable: true, clock: systemClock }) }
}

async function openTable(): Promise<ClientAuthDirectory> {
  const file = join(folder, 'auth.db')
  const raw = new DatabaseSync(file)
  raw.exec(
    "CREATE TABLE agents (id TEXT PRIMARY KEY, password TEXT); INSERT INTO agents VALUES ('cred', 'pw-1'), ('none', NULL)",
  )
  raw.close()
  const database = openExternalSqlite({ file, log: silentLogger, clock: systemClock })
  closers.push(() => database.close())
  return openTableClientAuths({ database, table: 'agents', writable: false })
}

const directories: [string, () => Promise<ClientAuthDirectory>][] = [
  ['the configuration', async () => createStaticClientAuth({ id: 'cred', password: new Secret('pw-1') })],
  [
    'a JSON file',
    () =>
      openFileClientAuths({
        path: fileOf('{"cred":"pw-1","":"x","blank":""}'),
        writable: true,
        clock: systemClock,
        log: silentLogger,
      }),
  ],
  ['a table of the original', openTable],
  [
    'our table, generated',
    async () => {
      const { auths } = await openEmbedded()
      await auths.create('cred', 'pw-1', 'generated')
      return auths
    },
  ],
  [
    'our table, chosen',
    async () => {
      const { auths } = await openEmbedded()
      await auths.create('cred', 'pw-1', 'chosen')
      return auths
    },
  ],
]

describe.each(directories)('credentials in %s', (_name, open) => {
  it.each([
    ['cred', 'pw-1', true],
    ['cred', 'pw-2', false],
    ['cred', 'pw-1 ', false],
    ['cred', '', false],
    ['', '', false],
    ['', 'x', false],
    ['blank', '', false],
    ['none', '', false],
    ['none', 'null', false],
    ['Cred', 'pw-1', false],
    ['unknown', 'pw-1', false],
    ['__proto__', 'pw-1', false],
    ["x' or '1'='1", 'pw-1', false],
    ['cred', 'x'.repeat(100_000), false],
    ['x'.repeat(100_000), 'pw-1', false],
  ])('%.20s with %.20s: %s', async (id, password, expected) => {
    const directory = await open()
    expect(await directory.verify(id, password)).toBe(expected)
  })
})

describe('credentials in a JSON file', () => {
  it('follow the file: new, changed and removed ids count a second later', async () => {
    const clock = createFakeClock()
    const path = fileOf('{"a":"1","b":"2"}')
    const directory = await openFileClientAuths({ path, writable: false, clock, log: silentLogger })
    expect(directory).toMatchObject({ source: 'File', mode: 'Read Only' })
    fileOf('{"a":"9","c":"3"}')
    await clock.advance(1000)
    const verdicts = [
      directory.verify('a', '1'),
      directory.verify('a', '9'),
      directory.verify('b', '2'),
      directory.verify('c', '3'),
    ]
    expect(await Promise.all(verdicts)).toEqual([false, true, false, true])
  })

  it('stay in force while the file is damaged; the log says so once and quotes none of it', async () => {
    const clock = createFakeClock()
    const log = createMemoryLogger()
    const path = fileOf('{"a":"secret-1"}')
    const directory = await openFileClientAuths({ path, writable: true, clock, log })
    fileOf('{"a":"secret-1" "b"')
    for (let look = 0; look < 3; look += 1) {
      await clock.advance(1000)
      expect(await directory.verify('a', 'secret-1')).toBe(true)
    }
    expect(log.lines.filter((line) => line.level === 'error')).toHaveLength(1)
    expect(log.text()).not.toContain('secret-1')
  })

  it.each([
    ['[]', 'expected one JSON object'],
    ['5', 'expected one JSON object'],
    ['{"a":5}', 'the password of "a" must be a text'],
    ['{', 'it is no valid JSON'],
  ])('are refused at the start when the file says %s', async (text, reason) => {
    const options = { path: fileOf(text), writable: true, clock: systemClock, log: silentLogger }
    await expect(openFileClientAuths(options)).rejects.toThrow(reason)
  })

  it('are read from any text without a surprise', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          for (const [id, { password }] of parseClientAuthFile(text).entries)
            expect([typeof id, typeof password]).toEqual(['string', 'string'])
        } catch (error) {
          expect(String(error)).toMatch(/no valid JSON|expected one JSON object|must be a text|the entry|twice/)
        }
      }),
    ))
})

describe('credentials in our table', () => {
  it('are stored as hashes, each with a salt of its own', async () => {
    const { db, auths } = await openEmbedded()
    expect(await auths.isEmpty()).toBe(true)
    await auths.create('a', 'same-secret', 'generated')
    await auths.create('b', 'same-secret', 'generated')
    await auths.create('c', 'same-secret', 'chosen')
    expect(await auths.isEmpty()).toBe(false)
    const rows = await db.read.selectFrom('client_auths').select('secret_hash').orderBy('id').execute()
    expect(new Set(rows.map((row) => row.secret_hash)).size).toBe(3)
    expect(rows[2]?.secret_hash).toMatch(/^\$argon2id\$/)
    expect(JSON.stringify(rows)).not.toContain('same-secret')
  })

  it('keep an id for one credential only', async () => {
    const { auths } = await openEmbedded()
    expect(await auths.create('a', 'first', 'generated')).toBe(true)
    expect(await auths.create('a', 'second', 'generated')).toBe(false)
    expect([await auths.verify('a', 'first'), await auths.verify('a', 'second')]).toEqual([true, false])
  })

  it('give no verdict while too many checks wait', async () => {
    const { db, auths } = await openEmbedded()
    await auths.create('a', 'chosen-one', 'chosen')
    const narrow = createPasswords({ clock: systemClock, maxRunning: 1, maxWaiting: 0 })
    const busy = createEmbeddedClientAuths({ db, passwords: narrow, writable: true, clock: systemClock })
    const first = busy.verify('a', 'wrong')
    await expect(busy.verify('a', 'other')).rejects.toBeInstanceOf(LimiterFull)
    expect(await first).toBe(false)
    expect(await busy.verify('unknown', 'x')).toBe(false)
  })
})

describe('a table of the original', () => {
  it('is named with its columns when it has others', async () => {
    const file = join(folder, 'auth.db')
    const raw = new DatabaseSync(file)
    raw.exec('CREATE TABLE agents (name TEXT)')
    raw.close()
    const database = openExternalSqlite({ file, log: silentLogger, clock: systemClock })
    closers.push(() => database.close())
    const opening = openTableClientAuths({ database, table: 'agents', writable: true })
    await expect(opening).rejects.toThrow('table "agents" must have the columns id, password: no such column: id')
  })
})

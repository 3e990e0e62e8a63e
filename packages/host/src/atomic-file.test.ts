import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryLogger } from '@rport/kit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readSecretFile, writeFileAtomic } from './atomic-file.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rport-file-'))
})
afterEach(() => rm(folder, { recursive: true }))

const modeOf = async (path: string) => (await stat(path)).mode & 0o777

describe('writeFileAtomic', () => {
  test('replaces a file whole and leaves nothing beside it', async () => {
    const path = join(folder, 'users.json')
    await writeFile(path, 'old', { mode: 0o644 })
    await writeFileAtomic(path, 'new', { mode: 0o600 })
    expect(await readFile(path, 'utf8')).toBe('new')
    expect(await modeOf(path)).toBe(0o600)
    expect(await readdir(folder)).toEqual(['users.json'])
  })

  test('gives a new file its mode in spite of the umask', async () => {
    const before = process.umask(0o077)
    try {
      await writeFileAtomic(join(folder, 'a'), 'x', { mode: 0o644 })
    } finally {
      process.umask(before)
    }
    expect(await modeOf(join(folder, 'a'))).toBe(0o644)
  })

  test('keeps the permissions that an administrator chose, when asked to', async () => {
    const path = join(folder, 'a')
    await writeFile(path, 'old')
    await chmod(path, 0o640)
    await writeFileAtomic(path, 'new', { mode: 0o600, keepExistingMode: true })
    expect(await modeOf(path)).toBe(0o640)
  })

  test('writes to where a link leads and keeps the link', async () => {
    await writeFile(join(folder, 'real'), 'old')
    await symlink(join(folder, 'real'), join(folder, 'link'))
    await writeFileAtomic(join(folder, 'link'), 'new', { mode: 0o600 })
    expect(await readFile(join(folder, 'real'), 'utf8')).toBe('new')
    expect((await readdir(folder)).sort()).toEqual(['link', 'real'])
  })

  test('leaves everything as it was when the new file cannot take its place', async () => {
    const path = join(folder, 'taken')
    await writeFileAtomic(join(folder, 'other'), 'x', { mode: 0o600 })
    await mkdir(join(path, 'inside'), { recursive: true })
    await expect(writeFileAtomic(path, 'new', { mode: 0o600 })).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    expect((await readdir(folder)).sort()).toEqual(['other', 'taken'])
  })
})

describe('readSecretFile', () => {
  test('gives the text without its line end', async () => {
    await writeFile(join(folder, 's'), 'seed text\n', { mode: 0o600 })
    const secret = await readSecretFile(join(folder, 's'), { log: createMemoryLogger() })
    expect(secret?.reveal()).toBe('seed text')
  })

  test('says undefined for a file that is not there', async () => {
    expect(await readSecretFile(join(folder, 'none'), { log: createMemoryLogger() })).toBeUndefined()
  })

  test('warns about a file that others can read, with the fix and without the secret', async () => {
    const log = createMemoryLogger()
    await writeFile(join(folder, 's'), 'hunter2')
    await chmod(join(folder, 's'), 0o644)
    await readSecretFile(join(folder, 's'), { log })
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { fix: `chmod 600 ${join(folder, 's')}` } }])
    expect(log.text()).not.toContain('hunter2')
  })

  test.each([
    ['', /is empty: write the secret into it/],
    ['x'.repeat(70_000), /has 70000 bytes/],
  ])('refuses an empty or huge file', async (text, message) => {
    await writeFile(join(folder, 's'), text)
    await expect(readSecretFile(join(folder, 's'), { log: createMemoryLogger() })).rejects.toThrow(message)
  })
})

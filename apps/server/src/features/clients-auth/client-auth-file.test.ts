import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openFileClientAuths } from './client-auth-file.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rport-auth-file-'))
  path = join(folder, 'client-auth.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

async function open(text: string) {
  writeFileSync(path, text)
  const clock = createFakeClock()
  const log = createMemoryLogger()
  const directory = await openFileClientAuths({ path, writable: true, clock, log })
  return { clock, log, directory }
}

const GOOD = '{"b-cred":"secret-2","a-cred":"secret-1"}'
const damages: [string, () => void][] = [
  ['half-written', () => writeFileSync(path, GOOD.slice(0, 25))],
  ['of another shape', () => writeFileSync(path, '["a-cred"]')],
  ['mixed', () => writeFileSync(path, '{"a-cred":"secret-1","c-cred:secret-3":[""]}')],
  ['gone', () => rmSync(path)],
  [
    'unreadable',
    () => {
      rmSync(path)
      mkdirSync(path)
    },
  ],
]

describe.each(damages)('a file that is %s', (_name, damage) => {
  test('changes nothing: the last good state stays in force, and the log says so without a secret', async () => {
    const { clock, log, directory } = await open(GOOD)
    damage()
    await clock.advance(1000)
    expect(await directory.verify('a-cred', 'secret-1')).toBe(true)
    expect(await directory.existing(['a-cred', 'b-cred'])).toEqual(new Set(['a-cred', 'b-cred']))
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    expect(log.text()).not.toContain('secret')
  })

  test('is never written, and counts again when it is whole', async () => {
    const { clock, directory } = await open(GOOD)
    damage()
    const before = contentOf(path)
    await expect(directory.create('c-cred', 'secret-3')).rejects.toThrow()
    await expect(directory.delete('a-cred')).rejects.toThrow()
    expect(contentOf(path)).toBe(before)
    rmSync(path, { recursive: true, force: true })
    writeFileSync(path, '{"a-cred":"secret-9"}')
    await clock.advance(1000)
    expect(await directory.verify('a-cred', 'secret-9')).toBe(true)
    expect(await directory.existing(['b-cred'])).toEqual(new Set())
  })
})

const contentOf = (file: string) => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return existsSync(file) ? 'a folder' : 'nothing'
  }
}

describe('changes through the server', () => {
  test('keep the rest of the file, in the layout of the original, and count at once', async () => {
    const { directory } = await open(GOOD)
    expect(await directory.create('c-cred', 'secret-3')).toBe(true)
    expect(await directory.create('c-cred', 'other')).toBe(false)
    expect(await directory.delete('b-cred')).toBe(true)
    expect(await directory.delete('b-cred')).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe('{\n\t"a-cred": "secret-1",\n\t"c-cred": "secret-3"\n}\n')
    expect(await directory.ids()).toEqual(['a-cred', 'c-cred'])
    expect(await directory.verify('c-cred', 'secret-3')).toBe(true)
  })

  test('take in what somebody else wrote a moment ago', async () => {
    const { directory } = await open(GOOD)
    writeFileSync(path, '{"others":"secret-4"}')
    await directory.create('c-cred', 'secret-3')
    expect(await directory.ids()).toEqual(['c-cred', 'others'])
  })

  test('run one after the other', async () => {
    const { directory } = await open('{}')
    const names = Array.from({ length: 20 }, (_, index) => `cred-${index}`)
    await Promise.all(names.map((name) => directory.create(name, 'password')))
    expect(await directory.ids()).toEqual(names.toSorted())
  })
})

describe('the format of the first release', () => {
  const RULES = '{"user:pass:word":["^0.0.0.0:3000$",""],"narrow:secret-5":["^3000$"],"none:secret-6":[]}'

  test('gives each credential its password and its tunnels', async () => {
    const { directory } = await open(RULES)
    expect(await directory.verify('user', 'pass:word')).toBe(true)
    expect(await directory.verify('user:pass', 'word')).toBe(false)
    const allowed = await Promise.all(
      ['user', 'narrow', 'none', 'unknown'].map((id) =>
        directory.allowsTunnel(id, { listenPort: 22_000, targetHost: '10.0.0.1', targetPort: 22 }),
      ),
    )
    // An unknown id has no connection that a tunnel could lead through.
    expect(allowed).toEqual([true, false, false, true])
  })

  test('stays what it is when the server changes it; new credentials may have any tunnel', async () => {
    const { directory } = await open(RULES)
    await directory.create('added', 'secret-7')
    await directory.delete('none')
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      'added:secret-7': [''],
      'narrow:secret-5': ['^3000$'],
      'user:pass:word': ['^0.0.0.0:3000$', ''],
    })
    expect(await directory.allowsTunnel('added', { listenPort: 1, targetHost: 'x', targetPort: 2 })).toBe(true)
  })

  test.each([
    ['{"a:secret-1":[""],"b":"secret-2"}', 'the entry "b" has a password, others have a list of expressions'],
    ['{"a":"secret-1","b:secret-2":[""]}', 'the entry "b" has a list of expressions, others have a password'],
    ['{"a:secret-1":[""],"a:secret-2":[""]}', 'the id "a" stands there twice'],
    ['{"a:secret-1":["("]}', 'the entry "a": the expression "(" is not understood'],
    ['{"a:secret-1":["",7]}', 'the entry "a": its expressions must be texts'],
    ['{"a:secret-1":[""],"b:secret-2":7}', 'the entry "b" must be a list of expressions'],
    ['{"secret-1":[""]}', 'must be written as "id:password"'],
  ])('%s is refused with the entry and without its password', async (text, reason) => {
    const opening = open(text)
    await expect(opening).rejects.toThrow(reason)
    await expect(opening).rejects.not.toThrow('secret-')
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataFolder } from './data-folder.ts'
import { findFolderHolder, lockFolder } from './folder-lock.ts'
import { identify } from './process-identity.ts'

let root = ''
const children: ChildProcess[] = []
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rport-data-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(root, { recursive: true })
})

const options = { program: 'rportd' }
const modeOf = async (path: string) => (await stat(path)).mode & 0o777

async function startSleeper(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('sleep', ['60'])
  children.push(child)
  await once(child, 'spawn')
  return child as ChildProcess & { pid: number }
}

test('a new folder and its new parents are for the program alone', async () => {
  const folder = await openDataFolder(join(root, 'a/b'), options)
  expect(folder.isNew).toBe(true)
  expect([await modeOf(join(root, 'a')), await modeOf(join(root, 'a/b'))]).toEqual([0o700, 0o700])
  await folder.close()
})

test('an existing folder keeps its permissions', async () => {
  await mkdir(join(root, 'a'), { mode: 0o755 })
  const folder = await openDataFolder(join(root, 'a'), options)
  expect(folder.isNew).toBe(false)
  expect(await modeOf(join(root, 'a'))).toBe(0o755)
  await folder.close()
  await folder.close()
  expect(await readdir(join(root, 'a'))).toEqual([])
})

test('a second process is refused and told who has the folder', async () => {
  const other = await startSleeper()
  await lockFolder(root, 'rportd', other.pid)
  await expect(openDataFolder(root, options)).rejects.toThrow(
    `the data folder ${root} is in use by rportd with process id ${other.pid}`,
  )
})

test('who has a folder can be asked without taking it', async () => {
  expect(await findFolderHolder(root, 'rportd')).toBeUndefined()
  const other = await startSleeper()
  await lockFolder(root, 'rportd', other.pid)
  expect(await findFolderHolder(root, 'rportd')).toBe(other.pid)
  expect(await findFolderHolder(root, 'rport')).toBeUndefined()
  other.kill('SIGKILL')
  await once(other, 'exit')
  expect(await findFolderHolder(root, 'rportd')).toBeUndefined()
})

test('the lock of a process that was killed is taken over', async () => {
  const other = await startSleeper()
  await lockFolder(root, 'rportd', other.pid)
  other.kill('SIGKILL')
  await once(other, 'exit')
  const folder = await openDataFolder(root, options)
  expect(JSON.parse(await readFile(join(root, '.rportd.lock'), 'utf8'))).toMatchObject({
    pid: process.pid,
    program: 'rportd',
  })
  await folder.close()
})

test.runIf(process.platform === 'linux')(
  'a lock is dead when its process has ended and nobody has asked how',
  async () => {
    // The first sleeper has a parent that waits for no child.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(parent)
    const [output] = await once(parent.stdout, 'data')
    const pid = Number(output)
    await lockFolder(root, 'rportd', pid)
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => readFile(`/proc/${pid}/stat`, 'utf8'), { timeout: 10_000 }).toMatch(/\) Z /)
    expect(await findFolderHolder(root, 'rportd')).toBeUndefined()
    const folder = await openDataFolder(root, options)
    await folder.close()
  },
)

test.each([
  ['a later process got the same number', { startedAt: '1' }],
  ['the machine was booted, or the container made anew', { world: 'another world' }],
])('a lock is dead when %s', async (_case, change) => {
  await writeFile(join(root, '.rportd.lock'), JSON.stringify({ ...(await identify(process.pid)), ...change }))
  const folder = await openDataFolder(root, options)
  await folder.close()
})

test.each(['', '{', '{"pid":"1; rm"}', '{"pid":-1}'])('a lock that a crash cut short is replaced: %j', async (text) => {
  await writeFile(join(root, '.rportd.lock'), text)
  const folder = await openDataFolder(root, options)
  await folder.close()
})

test('of many starters that meet a dead lock exactly one gets the folder', async () => {
  await writeFile(join(root, '.rportd.lock'), '{"pid":999999999}')
  const sleepers = await Promise.all(Array.from({ length: 6 }, startSleeper))
  const results = await Promise.allSettled(sleepers.map((sleeper) => lockFolder(root, 'rportd', sleeper.pid)))
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  expect(await readdir(root)).toEqual(['.rportd.lock'])
})

test('closing leaves a lock alone that belongs to somebody else by now', async () => {
  const folder = await openDataFolder(root, options)
  await writeFile(join(root, '.rportd.lock'), '{"pid":1}')
  await folder.close()
  expect(await readFile(join(root, '.rportd.lock'), 'utf8')).toBe('{"pid":1}')
})

test('half-written files of an earlier process are removed, fresh ones and foreign ones are not', async () => {
  const old = '.users.json.0123456789abcdef.tmp'
  for (const name of [old, '.new.0123456789abcdef.tmp', 'mine.tmp']) await writeFile(join(root, name), 'x')
  await utimes(join(root, old), 1000, 1000)
  const folder = await openDataFolder(root, options)
  expect((await readdir(root)).sort()).toEqual(['.new.0123456789abcdef.tmp', '.rportd.lock', 'mine.tmp'])
  await folder.close()
})

test('a file where the folder should be stops the start', async () => {
  await writeFile(join(root, 'f'), '')
  await expect(openDataFolder(join(root, 'f'), options)).rejects.toThrow(/a part of that path is a file/)
  await expect(openDataFolder(join(root, 'f/g'), options)).rejects.toThrow(/a part of that path is a file/)
})

test.runIf(process.platform === 'linux')(
  'a folder that cannot be written stops the start with owner and fix',
  async () => {
    const isRoot = process.geteuid?.() === 0
    const path = isRoot ? '/proc/sys' : join(root, 'closed')
    if (!isRoot) await mkdir(path, { mode: 0o500 })
    await expect(openDataFolder(path, options)).rejects.toThrow(
      /cannot be written: .*It belongs to uid \d+ with mode 0\d+; .*chown -R/,
    )
  },
)

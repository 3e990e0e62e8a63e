import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  connected,
  createScope,
  RPORTD,
  run,
  startAgent,
  startProgram,
  startServer,
  type TestServer,
  toToml,
  until,
} from '../harness/index.ts'

const scope = createScope()
let server: TestServer
let folder: string
let archive: string

beforeAll(async () => {
  folder = await scope.folder('backup')
  archive = join(folder, 'backup.tar.gz')
  server = await startServer(scope)
})
afterAll(() => scope.close())

const rportd = (...args: string[]) =>
  run(scope, { name: `rportd ${args[0]}`, command: RPORTD, args, cwd: folder, limitMs: 40_000 })
const configFile = () => join(server.folder, 'rportd.conf')

test('a server is saved while it runs, lost, restored elsewhere, and its agent comes back', {
  timeout: 150_000,
}, async () => {
  await startAgent(scope, server, { id: 'survivor' })
  const saved = await rportd('backup', '-c', configFile(), '--out', archive)
  expect([saved.code, saved.output]).toEqual([0, expect.stringMatching(/backup\.tar\.gz: \d+ files, \d+ bytes\n$/)])

  const running = await rportd('restore', archive, '-c', configFile(), '--force')
  expect([running.code, running.output]).toEqual([1, expect.stringMatching(/is in use by rportd.*Stop that process/s)])

  await server.program.kill()
  await rm(server.dataDir, { recursive: true })
  await mkdir(server.dataDir)
  await writeFile(join(server.dataDir, 'stranger.txt'), 'mine')
  const occupied = await rportd('restore', archive, '-c', configFile())
  expect([occupied.code, occupied.output]).toEqual([1, expect.stringContaining('is not empty (stranger.txt)')])

  const restored = await rportd('restore', archive, '-c', configFile(), '--force')
  expect([restored.code, restored.output]).toEqual([0, expect.stringContaining('what was there before lies in')])
  expect(await readFile(join(server.dataDir, 'restored', 'rportd.conf'), 'utf8')).toBe(
    await readFile(configFile(), 'utf8'),
  )
  await server.start()
  expect((await server.api.client('survivor'))?.id).toBe('survivor')
  await connected(server, 'survivor')
})

test('a restore that was cut short keeps the server from starting, and says how to go on', async () => {
  const dataDir = join(folder, 'half')
  await mkdir(dataDir, { mode: 0o700 })
  await writeFile(join(dataDir, '.restore-unfinished'), `${archive}\n`)
  const config = join(folder, 'half.conf')
  await writeFile(config, toToml({ server: { address: '127.0.0.1:0', data_dir: dataDir, allow_root: true } }))
  const started = await rportd('-c', config)
  expect([started.code, started.output]).toEqual([1, expect.stringContaining(`rportd restore ${archive} --force`)])
})

test('a restore that is killed again and again ends in the old data or the new', { timeout: 120_000 }, async () => {
  const dataDir = join(folder, 'mortal')
  await mkdir(dataDir, { mode: 0o700 })
  await writeFile(join(dataDir, 'key_seed'), 'the old one\n')
  await chmod(join(dataDir, 'key_seed'), 0o600)
  for (let round = 0; round < 3; round += 1) {
    const program = startProgram(scope, {
      name: 'restore',
      command: RPORTD,
      args: ['restore', archive, '--data-dir', dataDir, '--force'],
    })
    await until('it has begun, or ended', async () => program.hasExited || (await hasStage(dataDir)))
    await program.kill()
  }
  const restored = await rportd('restore', archive, '--data-dir', dataDir, '--force')
  expect([restored.code, restored.output]).toEqual([0, expect.stringContaining('as it was at')])
  const again = await rportd('backup', '--data-dir', dataDir, '--out', join(folder, 'again.tar.gz'))
  expect([again.code, again.output]).toEqual([0, expect.stringContaining('again.tar.gz: ')])
})

async function hasStage(dataDir: string): Promise<boolean> {
  return (await readdir(dataDir)).some((name) => name.startsWith('.restore-'))
}

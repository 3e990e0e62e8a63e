import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  accepts,
  connected,
  createApi,
  createScope,
  createServerFolder,
  disconnected,
  freeTunnelPort,
  RPORTD,
  startAgent,
  startProgram,
  startServer,
  startTransferTarget,
  type TestAgent,
  type TestServer,
  type TransferResult,
  transfer,
  until,
} from '../harness/index.ts'

const MEGABYTE = 1024 * 1024
let fixedPort: number
const MACHINE = 'mortal'
/** Kill, notice, come back, restore: with every pause that agents make. */
const STORY_LIMIT_MS = 120_000

describe('kill -9 in the middle of a transfer', { timeout: STORY_LIMIT_MS }, () => {
  const scope = createScope()
  let server: TestServer
  let agent: TestAgent
  let target: { port: number }

  beforeAll(async () => {
    target = await startTransferTarget(scope)
    server = await startServer(scope)
    agent = await startAgent(scope, server, { id: MACHINE })
    fixedPort = await freeTunnelPort()
    await server.api.openTunnel(MACHINE, { local: fixedPort, remote: target.port, 'skip-idle-timeout': 1 })
  })
  afterAll(() => scope.close())
  beforeEach(() => until('the tunnel is there', () => accepts(fixedPort)))

  test('of the agent: the visitor is told, the client shows as disconnected, the tunnel comes back on its port', async () => {
    const result = await killMidway(() => agent.program.kill())
    expect(result.intact).toBe(false)
    await disconnected(server, MACHINE)
    expect(await accepts(fixedPort)).toBe(false)
    agent.start()
    await connected(server, MACHINE)
    await works()
  })

  test('of the server: the visitor is told, and after its start agent and tunnel come back by themselves', async () => {
    const result = await killMidway(() => server.program.kill())
    expect(result.intact).toBe(false)
    await server.start()
    await connected(server, MACHINE)
    await works()
    expect((await server.api.client(MACHINE))?.tunnels).toMatchObject([{ lport: String(fixedPort) }])
  })

  test('of the target: the visitor is told and the tunnel stays for the next target', async () => {
    const inner = createScope()
    const doomed = await startTransferTarget(inner)
    const tunnel = await server.api.openTunnel(MACHINE, { remote: doomed.port })
    const story = midway(tunnel.port)
    await story.underway
    await inner.close()
    expect((await story.result).intact).toBe(false)
    expect(await accepts(tunnel.port)).toBe(true)
    await works()
  })

  async function killMidway(kill: () => Promise<unknown>): Promise<TransferResult> {
    const story = midway(fixedPort)
    await story.underway
    await kill()
    return story.result
  }

  async function works(): Promise<void> {
    await until('the tunnel is back', () => accepts(fixedPort))
    const bytes = 2 * MEGABYTE
    const result = await transfer({ port: fixedPort, uploadBytes: bytes, downloadBytes: bytes })
    expect(result).toEqual({ intact: true, downloadedBytes: bytes })
  }
})

describe('kill -9 again and again', { timeout: STORY_LIMIT_MS }, () => {
  const scope = createScope()
  afterAll(() => scope.close())

  test('of a server at its first start, at every file that it makes: the next start goes on, with one key and one password', async () => {
    const { folder, dataDir, config, apiPort } = await createServerFolder(scope)
    const start = () => startProgram(scope, { name: 'rportd', command: RPORTD, args: ['-c', config], cwd: folder })
    const kept = new Map<string, string>()
    for (const name of ['key_seed', 'jwt_secret', 'audit_key.pem', 'rportd.db', 'first-start.txt']) {
      const program = start()
      await until(`${name} is there`, async () => existsSync(join(dataDir, name)) || program.hasExited)
      expect(program.hasExited, program.output).toBe(false)
      await program.kill()
      for (const secret of ['key_seed', 'jwt_secret', 'audit_key.pem'].filter((file) =>
        existsSync(join(dataDir, file)),
      )) {
        const text = await readFile(join(dataDir, secret), 'utf8')
        expect(text).toBe(kept.get(secret) ?? text)
        kept.set(secret, text)
      }
    }
    const program = start()
    await program.waitFor(/listening for agents/)
    const note = await readFile(join(dataDir, 'first-start.txt'), 'utf8')
    const password = /^ {2}password +(\S+)$/m.exec(note)?.[1] ?? ''
    const api = createApi({ baseUrl: `http://127.0.0.1:${apiPort}`, user: 'admin', password })
    await until('the administrator can log in', async () => (await api.get('/api/v1/status')).status === 200)
  })

  test('of an agent: its state is whole each time, and it takes its folder again', async () => {
    const server = await startServer(scope)
    const agent = await startAgent(scope, server, {
      id: MACHINE,
      settings: { connection: { watchdog_integration: true } },
    })
    const state = () => readFile(join(agent.dataDir, 'state.json'), 'utf8').catch(() => undefined)
    for (const moment of [/rport starts/, /dataDir/, /connected/, /rport starts/, /connected/]) {
      await agent.program.kill()
      const text = await state()
      if (text !== undefined) expect(JSON.parse(text)).toMatchObject({ last_state: expect.any(String) })
      agent.start()
      await agent.program.waitFor(moment)
    }
    await connected(server, MACHINE)
    await until(
      'the state is that of the link',
      async () => JSON.parse((await state()) ?? '{}').last_state === 'connected',
    )
  })
})

/** A transfer far too long to end by itself, and the moment when it is well under way. */
function midway(port: number) {
  const underway = Promise.withResolvers<void>()
  const result = transfer({
    port,
    uploadBytes: 100 * 1024 * MEGABYTE,
    downloadBytes: 100 * 1024 * MEGABYTE,
    limitMs: 30_000,
    onProgress: (bytes) => bytes > 4 * MEGABYTE && underway.resolve(),
  })
  return { underway: underway.promise, result }
}

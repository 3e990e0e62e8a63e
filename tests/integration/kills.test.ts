import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  accepts,
  connected,
  createScope,
  disconnected,
  freeTunnelPort,
  startAgent,
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

import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createScope,
  openVisit,
  type Program,
  startAgent,
  startEchoTarget,
  startEndlessTarget,
  startServer,
  startStalledTarget,
  type TestAgent,
  type TestServer,
  until,
} from '../harness/index.ts'

/** What one stalled stream may cost a program: windows, socket buffers and the garbage of a busy minute. */
const ALLOWED_GROWTH_BYTES = 150 * 1024 * 1024

describe('a reader that stalls', () => {
  const scope = createScope()
  let server: TestServer
  let agent: TestAgent

  beforeAll(async () => {
    server = await startServer(scope)
    agent = await startAgent(scope, server, { id: 'stalled' })
  })
  afterAll(() => scope.close())

  test('a visitor who does not read what never ends costs bounded memory, and others get through', async () => {
    const [endless, echo] = await Promise.all([startEndlessTarget(scope), startEchoTarget(scope)])
    const tunnel = await server.api.openTunnel('stalled', { remote: endless.port })
    const other = await server.api.openTunnel('stalled', { remote: echo.port })
    const before = await memoryOf(server.program, agent.program)
    const stalled = connect(tunnel.port, '127.0.0.1').pause()
    scope.add(() => stalled.destroy())
    await talk(other.port, 'beside a visitor who stalls')
    const after = await settledMemory(server.program, agent.program)
    expect(after - before).toBeLessThan(ALLOWED_GROWTH_BYTES)
  })

  test('a target that does not read costs bounded memory, and others get through', async () => {
    const [stalled, echo] = await Promise.all([startStalledTarget(scope), startEchoTarget(scope)])
    const tunnel = await server.api.openTunnel('stalled', { remote: stalled.port })
    const other = await server.api.openTunnel('stalled', { remote: echo.port })
    const before = await memoryOf(server.program, agent.program)
    const visitor = connect(tunnel.port, '127.0.0.1')
    scope.add(() => visitor.destroy())
    visitor.on('error', () => undefined)
    const piece = Buffer.alloc(64 * 1024)
    let taken = 0
    const pour = () => {
      while (visitor.write(piece)) taken += piece.length
    }
    visitor.on('drain', pour)
    visitor.once('connect', pour)
    await talk(other.port, 'beside a target that stalls')
    const after = await settledMemory(server.program, agent.program)
    expect(after - before).toBeLessThan(ALLOWED_GROWTH_BYTES)
    expect(taken).toBeLessThan(ALLOWED_GROWTH_BYTES)
  })
})

async function talk(port: number, text: string): Promise<void> {
  const visitor = await openVisit(port)
  visitor.socket.write(text)
  await visitor.receives(text)
  visitor.socket.destroy()
}

/** Resident memory of the programs together, in bytes. */
async function memoryOf(...programs: Program[]): Promise<number> {
  const texts = await Promise.all(programs.map((program) => readFile(`/proc/${program.pid}/status`, 'utf8')))
  return texts.reduce((sum, text) => sum + Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1] ?? 0) * 1024, 0)
}

/** Memory once it has not grown by more than a megabyte for a second. */
async function settledMemory(...programs: Program[]): Promise<number> {
  let level = 0
  let steadySince = performance.now()
  return until('memory settles', async () => {
    const now = await memoryOf(...programs)
    if (Math.abs(now - level) > 1024 * 1024) {
      level = now
      steadySince = performance.now()
    }
    return performance.now() - steadySince > 1000 ? now : undefined
  })
}

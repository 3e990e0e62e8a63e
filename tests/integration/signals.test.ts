import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import {
  ADMIN,
  connected,
  createScope,
  createServerFolder,
  launchAgent,
  type Program,
  RPORTD,
  startAgent,
  startProgram,
  startServer,
  until,
} from '../harness/index.ts'

const scope = createScope()
afterAll(() => scope.close())

const STACK = /^\s+at .*\.ts:\d+/m

/**
 * Whether a program holds its signals, from the kernel's own table: long before it says a word. The runtime catches SIGTERM by
 * itself at once, but SIGHUP, the last that the program turns to, never.
 */
function listens(program: Program): boolean {
  try {
    const status = readFileSync(`/proc/${program.pid}/status`, 'utf8')
    return (BigInt(`0x${/^SigCgt:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`) & 1n) === 1n
  } catch {
    // It has ended.
    return false
  }
}

async function launchServer(): Promise<{ program: Program; apiPort: number }> {
  const settings = { server: { auth: 'a:b', key_seed: 'test' }, api: { auth: `${ADMIN.user}:${ADMIN.password}` } }
  const { config, apiPort } = await createServerFolder(scope, { settings })
  return { program: startProgram(scope, { name: 'rportd', command: RPORTD, args: ['-c', config] }), apiPort }
}

describe('from the moment that rportd runs', () => {
  test('SIGTERM ends it with 0, without a stack', async () => {
    const { program } = await launchServer()
    await until('it holds its signals', () => listens(program))
    program.signal('SIGTERM')
    expect(await program.exited).toEqual({ code: 0, signal: null })
    expect(program.output).not.toMatch(STACK)
    expect(program.output).not.toContain('API listening\n')
  })

  test('SIGHUP reloads it when it has started', async () => {
    const { program } = await launchServer()
    await until('it holds its signals', () => listens(program))
    program.signal('SIGHUP')
    await program.waitFor(/reloaded.*reloaded=log/)
    program.signal('SIGTERM')
    expect((await program.exited).code).toBe(0)
  })
})

describe('from the moment that rport runs', () => {
  test('SIGTERM ends it with 0, without a stack', async () => {
    const { program } = await launchAgent(scope, { id: 'early', address: '127.0.0.1:1' })
    await until('it holds its signals', () => listens(program))
    program.signal('SIGTERM')
    expect(await program.exited).toEqual({ code: 0, signal: null })
    expect(program.output).not.toMatch(STACK)
  })

  test('SIGHUP ends nothing', async () => {
    const { program } = await launchAgent(scope, { id: 'early', address: '127.0.0.1:1' })
    await until('it holds its signals', () => listens(program))
    program.signal('SIGHUP')
    await program.waitFor(/log opened anew/)
    program.signal('SIGTERM')
    expect((await program.exited).code).toBe(0)
  })
})

test('SIGTERM lets a request that has begun end, tells agents, and ends the server with 0 within its bound', async () => {
  const server = await startServer(scope)
  const agent = await startAgent(scope, server, { id: 'drained' })
  const body = JSON.stringify({ username: ADMIN.user, password: ADMIN.password })
  const request = connect(server.apiPort, '127.0.0.1')
  let answer = ''
  request.setEncoding('latin1').on('data', (text: string) => {
    answer += text
  })
  const ended = new Promise<void>((resolve) => request.once('close', () => resolve()))
  request.write(
    `POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
  )
  // The server has begun: it asks for the body.
  await until('the server waits for the body', () => answer.includes('100 Continue'))
  server.program.signal('SIGTERM')
  await server.program.waitFor(/shutting down/)
  await until('nobody new is let in', async () => {
    const reply = await fetch(`http://127.0.0.1:${server.apiPort}/readyz`).catch(() => undefined)
    return reply === undefined || reply.status === 503
  })
  request.write(body)
  await ended
  expect(answer).toContain('200 OK')
  expect(await server.program.exited).toEqual({ code: 0, signal: null })
  await agent.program.waitFor(/the server stops/)
  await server.start()
  await connected(server, 'drained')
})

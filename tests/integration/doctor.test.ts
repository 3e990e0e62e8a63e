import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  AGENT_AUTH,
  createScope,
  listen,
  opensslMissing,
  putCertificate,
  RPORT,
  RPORTD,
  run,
  startAgent,
  startServer,
  type TestAgent,
  type TestServer,
} from '../harness/index.ts'

const scope = createScope()
let server: TestServer
let agent: TestAgent
beforeAll(async () => {
  server = await startServer(scope)
  agent = await startAgent(scope, server, { id: 'healthy' })
})
afterAll(() => scope.close())

interface Report {
  readonly ok: boolean
  readonly findings: readonly { check: string; outcome: string; detail: string; fix?: string }[]
}

async function doctor(command: string, ...args: string[]) {
  const result = await run(scope, { name: 'doctor', command, args: ['doctor', '--json', ...args], limitMs: 40_000 })
  const report = JSON.parse(result.stdout) as Report
  return { code: result.code, report, details: new Map(report.findings.map(({ check, detail }) => [check, detail])) }
}

test('the doctor of an agent that runs finds the way open, and does not disturb it', async () => {
  const { code, report, details } = await doctor(RPORT, '-c', join(agent.dataDir, '..', 'rport.conf'))
  expect([code, report.ok]).toEqual([0, true])
  expect(details.get('data folder')).toContain('an agent runs on it')
  expect(details.get('credentials')).toBe('the server knows test-agents')
  expect(details.get('fingerprint')).toBe('it is the expected one')
  expect((await server.api.client('healthy'))?.connection_state).toBe('connected')
  expect(agent.program.output).not.toContain('disconnected')
})

if (opensslMissing) console.warn(`LEFT OUT: the agent's doctor and certificates: ${opensslMissing}`)

test.skipIf(opensslMissing)(
  'the doctor of an agent tells a certificate that nobody knows from one that leads nowhere',
  async () => {
    const { certFile, keyFile } = await putCertificate(await scope.folder('certificate'), 'localhost')
    const secured = createServer({ cert: await readFile(certFile), key: await readFile(keyFile) }, (socket) => {
      socket.on('error', () => undefined)
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
    })
    // A peer that does not trust the certificate ends the handshake.
    secured.on('tlsClientError', () => undefined)
    const url = `https://127.0.0.1:${await listen(secured)}`
    scope.add(() => secured.close())
    const stranger = await doctor(RPORT, '--auth', AGENT_AUTH, url)
    expect(stranger.report.findings.at(-1)).toMatchObject({
      check: 'certificate',
      fix: expect.stringContaining('ca_file'),
    })
    const known = await doctor(RPORT, '--auth', AGENT_AUTH, '--ca-file', certFile, url)
    expect(known.details.get('certificate')).toBe('127.0.0.1 has proved its name')
    expect(known.report.findings.at(-1)).toMatchObject({ check: 'WebSocket', detail: expect.stringContaining('404') })
    expect([stranger.code, known.code]).toEqual([1, 1])
  },
)

test('the doctor of a server knows the one that runs, and a database that is damaged', {
  timeout: 90_000,
}, async () => {
  const config = join(server.folder, 'rportd.conf')
  const fine = await doctor(RPORTD, '-c', config)
  expect([fine.code, fine.report.ok]).toEqual([0, true])
  expect(fine.details.get('data folder')).toContain('rportd runs on it')
  expect(fine.details.get('agents port')).toContain('is served')

  await server.program.stop()
  const file = join(server.dataDir, 'rportd.db')
  const broken = Buffer.alloc(40_000, 'this was a database once')
  await writeFile(file, broken)
  const { code, report, details } = await doctor(RPORTD, '-c', config)
  expect([code, report.ok]).toEqual([1, false])
  expect(details.get('database')).toContain(`${file} is damaged`)
  const started = await run(scope, { name: 'rportd', command: RPORTD, args: ['-c', config] })
  expect([started.code, started.output]).toEqual([1, expect.stringMatching(/is damaged.*restore it from a backup/)])
  expect((await readFile(file)).equals(broken)).toBe(true)
})

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ClientView,
  createScope,
  FINGERPRINT,
  freeTunnelPort,
  type Program,
  RPORT,
  startHttpTarget,
  startProgram,
  startServer,
  type Target,
  type TestServer,
  until,
  visit,
} from '../harness/index.ts'

const asRoot = process.getuid?.() === 0 ? ['--allow-root'] : []

/** Each test types a line of the quick starts as a new user would, without a configuration file. */
describe('the command line', { timeout: 60_000 }, () => {
  const scope = createScope()
  let server: TestServer
  let page: Target

  beforeAll(async () => {
    page = await startHttpTarget(scope)
    server = await startServer(scope, { settings: { server: { auth: 'user1:1234' } } })
  })
  afterAll(() => scope.close())

  let typedLines = 0

  /** Types a line in an empty folder; HOST stands for the server, DIR for the folder. */
  async function type(line: string, { env = {}, at = server }: { env?: Record<string, string>; at?: TestServer } = {}) {
    typedLines += 1
    const clientId = `typed-${typedLines}`
    const folder = await scope.folder('typed')
    const words = line
      .split(' ')
      .map((word) => word.replace('HOST', `127.0.0.1:${at.agentPort}`).replace('DIR', join(folder, 'data')))
    const program = startProgram(scope, {
      name: `rport ${line}`,
      command: RPORT,
      args: [...asRoot, '--id', clientId, ...words],
      cwd: folder,
      env: { ...process.env, HOME: folder, ...env },
    })
    // Not a copy: its output is of the moment when somebody looks.
    return Object.assign(program, { clientId })
  }

  const clientOf = ({ name, clientId }: Program & { clientId: string }, at = server): Promise<ClientView> =>
    until(`${name} is connected`, async () => {
      const client = await at.api.client(clientId)
      return client?.connection_state === 'connected' ? client : undefined
    })

  test('with credentials, fingerprint, folder and an open target leads to port 22, and says so', async () => {
    const port = await freeTunnelPort()
    const line = `--auth user1:1234 --fingerprint ${FINGERPRINT} --data-dir=DIR HOST ${port}:`
    const agent = await type(line)
    const { tunnels } = await clientOf(agent)
    expect(tunnels).toMatchObject([{ lport: String(port), rhost: '127.0.0.1', rport: '22' }])
    expect(agent.output).toContain('names no target port')
    expect(agent.output).not.toContain('any server is trusted')
    await agent.stop()
  })

  test('with a port of the server and a target opens that tunnel', async () => {
    const port = await freeTunnelPort()
    const line = `--auth user1:1234 --data-dir DIR HOST ${port}:127.0.0.1:${page.port}`
    const agent = await type(line)
    await clientOf(agent)
    expect((await visit({ port, send: 'GET / HTTP/1.0\r\n\r\n' })).text).toContain('hello target')
    await agent.stop()
  })

  test('with a port only takes any port of the server for it', async () => {
    const line = `--auth user1:1234 --data-dir DIR HOST ${page.port}`
    const agent = await type(line)
    const [tunnel] = (await clientOf(agent)).tunnels
    expect((await visit({ port: Number(tunnel?.lport), send: 'GET / HTTP/1.0\r\n\r\n' })).text).toContain(
      'hello target',
    )
    await agent.stop()
  })

  test('may have its flags behind the server, the scheme before it, and no tunnels at all', async () => {
    const line = `http://HOST --auth user1:1234 --data-dir DIR`
    const agent = await type(line)
    expect((await clientOf(agent)).tunnels).toEqual([])
    await agent.stop()
  })

  test('may leave credentials and fingerprint to the environment', async () => {
    const line = '--data-dir DIR HOST'
    const agent = await type(line, { env: { RPORT_AUTH: 'user1:1234', RPORT_FINGERPRINT: FINGERPRINT } })
    await clientOf(agent)
    await agent.stop()
  })

  test('without credentials is refused, with advice', async () => {
    const agent = await type(`--data-dir DIR HOST ${await freeTunnelPort()}:0.0.0.0:22`)
    await agent.waitFor(/--auth ID:PASSWORD/)
    await agent.stop()
  })

  test('without credentials is taken by a server that allows it', async () => {
    const open = await startServer(scope, { settings: { server: { insecure_no_auth: true } } })
    const port = await freeTunnelPort()
    const agent = await type(`--data-dir DIR HOST ${port}:0.0.0.0:22`, { at: open })
    expect((await clientOf(agent, open)).tunnels).toMatchObject([{ lport: String(port), rport: '22' }])
    await agent.stop()
  })

  test('with a wrong fingerprint sends no password', async () => {
    const agent = await type('--auth user1:1234 --fingerprint 00:11 --data-dir DIR HOST')
    await agent.waitFor(/no password was sent/)
    expect(agent.output).toContain(FINGERPRINT)
    await agent.stop()
  })

  test.skipIf(process.platform !== 'linux')('shows its secrets to nobody who lists processes', async () => {
    const line = '--auth user1:1234 --proxy http://ada:sesame1@127.0.0.1:1 --data-dir DIR HOST'
    const agent = await type(line)
    await agent.waitFor(/ECONNREFUSED/)
    const seen = (await readFile(`/proc/${agent.pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
    expect(seen).not.toMatch(/1234|sesame1/)
    await agent.stop()
  })

  test('without a server says how to name one, and ends with 1', async () => {
    const agent = await type('--auth user1:1234')
    expect(await agent.exited).toMatchObject({ code: 1 })
    expect(agent.output).toMatch(/server address is required[\s\S]*rport --auth ID:PASSWORD/)
  })

  test('with a proxy of an unknown kind names the kinds there are, and ends with 1', async () => {
    const agent = await type('--proxy socks4://ada:sesame1@proxy:1 --auth user1:1234 HOST')
    expect(await agent.exited).toMatchObject({ code: 1 })
    expect(agent.output).toContain('only socks5h:// or socks:// is supported')
    expect(agent.output).not.toContain('sesame1')
  })
})

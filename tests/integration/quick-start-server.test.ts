import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  ADMIN,
  type Api,
  createApi,
  createScope,
  FINGERPRINT,
  freePorts,
  KEY_SEED,
  launchAgent,
  type Program,
  RPORTD,
  type Scope,
  startEchoTarget,
  startProgram,
  until,
  visit,
} from '../harness/index.ts'

/** The command lines of the original's quick starts, as a new user types them; only folders and ports are the test's own. */
const asRoot = process.getuid?.() === 0 ? ['--allow-root'] : []

let scope: Scope
let folder: string
let dataDir: string
let agentPort: number
let apiPort: number
let api: Api
beforeEach(async () => {
  scope = createScope()
  folder = await scope.folder('quick-start')
  dataDir = join(folder, 'data')
  ;[agentPort = 0, apiPort = 0] = await freePorts(2)
  api = createApi({ baseUrl: `http://127.0.0.1:${apiPort}`, ...ADMIN })
})
afterEach(() => scope.close())

/** Starts rportd with these words. What the API needs comes from the environment, so that the words are the guide's. */
async function start(words: readonly string[], env: Record<string, string> = {}): Promise<Program> {
  const program = startProgram(scope, {
    name: 'rportd',
    command: RPORTD,
    args: [...words, ...asRoot],
    cwd: folder,
    env: {
      ...process.env,
      RPORT_API_ADDRESS: `127.0.0.1:${apiPort}`,
      RPORT_API_AUTH: `${ADMIN.user}:${ADMIN.password}`,
      ...env,
    },
  })
  await program.waitFor(/API listening/)
  return program
}

/** Starts an agent as a program of its own; without `auth` it has no credentials. */
const agent = (id: string, options: { auth?: string | undefined; remotes?: string[] }) =>
  launchAgent(scope, {
    id,
    address: `127.0.0.1:${agentPort}`,
    settings: { client: { auth: options.auth, fingerprint: FINGERPRINT, remotes: options.remotes } },
  })
const isConnected = (id: string) =>
  until(`${id} is connected`, async () => (await api.client(id))?.connection_state === 'connected')

describe('rportd', () => {
  test('--log-level info --data-dir DIR --key KEY --auth user1:1234, on the host and port of the environment', async () => {
    const words = ['--log-level', 'info', '--data-dir', dataDir, '--key', KEY_SEED, '--auth', 'user1:1234']
    const server = await start(words, { HOST: '127.0.0.1', PORT: String(agentPort) })
    await agent('machine', { auth: 'user1:1234' })
    await isConnected('machine')
    expect(server.output).not.toMatch(/debug:/)
    expect(server.output).not.toContain('1234\n')
  })

  test('--addr 0.0.0.0:PORT --auth rport:password123 --data-dir DIR, with the key of the environment', async () => {
    const words = ['--addr', `0.0.0.0:${agentPort}`, '--auth', 'rport:password123', '--data-dir', dataDir]
    await start(words, { RPORT_KEY: KEY_SEED, PORT: '1' })
    await agent('machine', { auth: 'rport:password123' })
    await isConnected('machine')
    expect((await api.get('/api/v1/status')).json.data).toMatchObject({
      fingerprint: FINGERPRINT,
      clients_auth_source: 'Static Credentials',
    })
    expect((await api.get('/api/v1/clients-auth')).json).toEqual({
      data: [{ id: 'rport', password: '********' }],
      meta: { count: 1 },
    })
  })

  test('-p PORT --key K refuses an agent without credentials, and says what to do', async () => {
    const server = await start(['-p', String(agentPort), '--key', KEY_SEED], { RPORT_SERVER_DATA_DIR: dataDir })
    const nobody = await agent('nobody', {})
    await server.waitFor(/an agent without credentials was refused: start it with --auth ID:PASSWORD/)
    await nobody.program.waitFor(/refused/)
    expect(await api.client('nobody')).toBeUndefined()
  })

  test('-p PORT --key K --insecure-no-auth lets it in, warns, and still checks the others', async () => {
    const words = ['-p', String(agentPort), '--key', KEY_SEED, '--insecure-no-auth']
    const server = await start(words, { RPORT_SERVER_DATA_DIR: dataDir })
    expect(server.output).toMatch(/warn: .*agents without credentials are let in/)
    await agent('nobody', {})
    await isConnected('nobody')
    const guesser = await agent('guesser', { auth: 'made:up' })
    await guesser.program.waitFor(/refused/)
    expect(await api.client('guesser')).toBeUndefined()
  })
})

describe('rportd --authfile FILE', () => {
  const serve = async (content: unknown) => {
    const file = join(folder, 'agents.json')
    await mkdir(dataDir, { mode: 0o700 })
    await writeFile(file, JSON.stringify(content))
    const words = ['--authfile', file, '--addr', `127.0.0.1:${agentPort}`, '--data-dir', dataDir, '--key', KEY_SEED]
    return { server: await start(words), file }
  }

  test('with expressions of the first release holds each agent to its tunnels, whoever asks for them', async () => {
    const target = await startEchoTarget(scope)
    const [allowedPort = 0, otherPort = 0] = await freePorts(2)
    const { server } = await serve({
      'narrow:secret-1': [`^${allowedPort}$`, `^127\\.0\\.0\\.1:${target.port}$`],
      'wide:secret-2': [''],
    })
    const refused = await agent('greedy', { auth: 'narrow:secret-1', remotes: [`${otherPort}:127.0.0.1:9`] })
    await refused.program.waitFor(/may not have a tunnel from \d+ to 127\.0\.0\.1:9/)
    await refused.program.stop()
    await agent('narrow', { auth: 'narrow:secret-1', remotes: [`${allowedPort}:127.0.0.1:${target.port}`] })
    await agent('wide', { auth: 'wide:secret-2' })
    await isConnected('narrow')
    await isConnected('wide')
    expect(await visit({ port: allowedPort, send: 'hello', halfClose: true })).toEqual({ text: 'hello' })

    const ask = (id: string, query: string) => api.call('PUT', `/api/v1/clients/${id}/tunnels?check_port=0&${query}`)
    expect((await ask('narrow', `local=${otherPort}&remote=127.0.0.1:9`)).status).toBe(403)
    expect((await ask('narrow', 'remote=127.0.0.1:9')).status).toBe(403)
    expect((await ask('narrow', `remote=127.0.0.1:${target.port}&acl=127.0.0.1`)).status).toBe(200)
    expect((await ask('wide', 'remote=127.0.0.1:9')).status).toBe(200)
    expect(server.output).not.toContain('secret-')
  })

  test('follows the file: a removed credential loses its agents at once, a damaged file changes nothing', async () => {
    const { server, file } = await serve({ first: 'secret-1', second: 'secret-2' })
    await agent('one', { auth: 'first:secret-1' })
    await agent('two', { auth: 'second:secret-2' })
    await isConnected('one')
    await isConnected('two')
    await writeFile(file, '{"first":"secret-1" "second')
    await server.waitFor(/file was not taken over/)
    const states = async () => (await api.clients()).map(({ connection_state }) => connection_state)
    expect(await states()).toEqual(['connected', 'connected'])
    await writeFile(file, '{"second":"secret-2"}')
    await until('the first is gone', async () => (await api.client('one'))?.connection_state === 'disconnected')
    expect((await api.client('two'))?.connection_state).toBe('connected')
    expect(server.output).toContain('its credential was removed')
  })

  test('that mixes both formats stops the start with the entry', async () => {
    const file = join(folder, 'mixed.json')
    await writeFile(file, '{"a:secret-1":[""],"b":"secret-2"}')
    const program = startProgram(scope, {
      name: 'rportd',
      command: RPORTD,
      args: ['--authfile', file, '--data-dir', dataDir, ...asRoot],
      cwd: folder,
    })
    expect((await program.exited).code).toBe(1)
    expect(program.output).toContain(`cannot use ${file}: the entry "b" has a password`)
    expect(program.output).not.toContain('secret-')
  })
})

import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  AGENT_AUTH,
  buildAgentFile,
  connected,
  createScope,
  disconnected,
  FINGERPRINT,
  freePort,
  launchAgent,
  type OpenSsh,
  ROOT,
  run,
  sshdMissing,
  startAgent,
  startCuttingProxy,
  startOpenSsh,
  startProgram,
  startServer,
  startTransferTarget,
  type TestServer,
  transfer,
} from '../harness/index.ts'
import {
  createAuthority,
  proxiesMissing,
  reverseProxiesMissing,
  startHttpProxy,
  startNginx,
} from '../harness/ways/index.ts'

const { path: built, missing } = buildAgentFile()
if (missing !== undefined) console.warn(`LEFT OUT: the agent as one file: ${missing}`)

const MEGABYTE = 1024 * 1024

describe.skipIf(missing !== undefined)('the agent as one file', { timeout: 60_000 }, () => {
  const scope = createScope()
  let server: TestServer
  let folder: string
  let command: string
  let targetPort: number

  beforeAll(async () => {
    folder = await scope.folder('one-file')
    command = join(folder, 'rport')
    await copyFile(built ?? '', command)
    server = await startServer(scope)
    targetPort = (await startTransferTarget(scope)).port
  })
  afterAll(() => scope.close())

  const start = (id: string, options: Partial<Parameters<typeof startAgent>[2]> = {}) =>
    startAgent(scope, server, { id, command, ...options })
  const carries = async (id: string) => {
    const { port } = await server.api.openTunnel(id, { remote: targetPort, acl: '127.0.0.1' })
    const size = 8 * MEGABYTE
    const outcome = await transfer({ port, uploadBytes: size, downloadBytes: size, limitMs: 30_000 })
    expect(outcome).toEqual({ intact: true, downloadedBytes: size })
  }

  test('tells its version and its flags with nothing else around it', async () => {
    const alone = { name: 'rport', command, cwd: '/', env: {} }
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    expect(await run(scope, { ...alone, args: ['--version'] })).toMatchObject({
      code: 0,
      stdout: `version ${version}\n`,
    })
    const help = await run(scope, { ...alone, args: ['--help'] })
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('--fingerprint') })
  })

  test('prints a unit that starts this very file', async () => {
    const { stdout } = await run(scope, { name: 'rport', command, args: ['--service', 'print'] })
    expect(stdout).toContain(`\nExecStart=${command}\n`)
  })

  test('needs no library but the C library', () => {
    const needed = execFileSync('ldd', [command], { encoding: 'utf8' }).matchAll(/^\s*(\S+?)\.so/gm)
    const known = ['linux-vdso', 'libc', 'libpthread', 'libdl', 'libm', 'librt']
    expect(
      [...needed].map(([, name]) => name).filter((name) => !known.includes(name?.split('/').at(-1) ?? '')),
    ).toEqual([expect.stringContaining('ld-linux')])
  })

  test('carries 8 MB both ways at once, and ends on SIGTERM with code 0', async () => {
    const agent = await start('plain')
    await carries('plain')
    expect(await agent.program.stop()).toEqual({ code: 0, signal: null })
    await disconnected(server, 'plain')
  })

  test('comes back after its line was cut, and outlives signals that mean nothing to it', async () => {
    const line = await startCuttingProxy(scope, server.agentPort)
    const agent = await start('cut-off', { address: `127.0.0.1:${line.port}` })
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const) agent.program.signal(signal)
    line.reset()
    await agent.program.waitFor(/disconnected[\s\S]*connected server=/)
    await connected(server, 'cut-off')
    await carries('cut-off')
    await agent.program.stop()
  })

  test.skipIf(proxiesMissing)('gets through an HTTP proxy with a login', async () => {
    const login = { user: 'ada', password: 'sesame1' }
    const proxy = await startHttpProxy(scope, login)
    const url = `http://${login.user}:${login.password}@127.0.0.1:${proxy.port}`
    const agent = await start('proxied', { settings: { client: { proxy: url } } })
    await carries('proxied')
    await agent.program.stop()
  })

  test.skipIf(reverseProxiesMissing)('reaches its server over HTTPS only with the right authority', async () => {
    const authority = await createAuthority(scope)
    const nginx = await startNginx(scope, { ...authority.issue('localhost'), targetPort: server.agentPort })
    const client = { server: `https://localhost:${nginx.port}` }
    const agent = await start('over-https', { settings: { client, connection: { ca_file: authority.caFile } } })
    await carries('over-https')
    await agent.program.stop()
    const wary = await launchAgent(scope, { id: 'wary', command, address: '', settings: { client } })
    await wary.program.waitFor(/connection\.ca_file/)
    await wary.program.stop()
  })

  test('sends no password to a server with another key', async () => {
    const agent = await launchAgent(scope, {
      id: 'pinned',
      command,
      address: `127.0.0.1:${server.agentPort}`,
      settings: { client: { fingerprint: FINGERPRINT.replace(/^../, '00') } },
    })
    await agent.program.waitFor(/no password was sent/)
    await agent.program.stop()
  })

  test('takes no settings from files that lie where it is started, and shows its secrets to nobody', async () => {
    const cwd = join(folder, 'elsewhere')
    await mkdir(cwd)
    await writeFile(join(cwd, '.env'), 'RPORT_FINGERPRINT=00:11:22\n')
    await writeFile(join(cwd, 'bunfig.toml'), 'preload = ["./preload.ts"]\n')
    await writeFile(join(cwd, 'preload.ts'), 'console.log("a stranger was here")\n')
    const args = ['--allow-root', '--id', 'typed', '--auth', AGENT_AUTH, '--data-dir', join(folder, 'typed')]
    args.push(`127.0.0.1:${server.agentPort}`)
    const agent = startProgram(scope, { name: 'rport typed', command, args, cwd })
    await connected(server, 'typed')
    expect(agent.output).not.toContain('a stranger was here')
    const seen = (await readFile(`/proc/${agent.pid}/cmdline`, 'latin1')).replaceAll('\0', ' ').trim()
    expect(seen).toBe('rport')
    await agent.stop()
  })

  test('refuses wrong settings with their line, as the other does', async () => {
    const file = join(folder, 'wrong.conf')
    await writeFile(file, `[client]\nserver = "127.0.0.1:${await freePort()}"\nfingreprint = "00"\n`)
    const refused = await run(scope, { name: 'rport', command, args: ['-c', file] })
    expect(refused).toMatchObject({ code: 1, output: expect.stringMatching(/fingreprint[\s\S]*wrong\.conf:3/) })
  })

  describe.skipIf(sshdMissing)('with OpenSSH behind it', () => {
    let ssh: OpenSsh
    beforeAll(async () => {
      ssh = await startOpenSsh(scope)
    })

    test('lets a command run on its machine and brings the exit code back', async () => {
      const agent = await start('with-ssh')
      const { port } = await server.api.openTunnel('with-ssh', { remote: ssh.port, scheme: 'ssh' })
      const args = [...ssh.clientOptions(), '-p', String(port), ssh.login, 'echo over the tunnel; exit 7']
      const result = await run(scope, { name: 'ssh', command: 'ssh', args })
      expect(result).toMatchObject({ code: 7, stdout: 'over the tunnel\n' })
      await agent.program.stop()
    })
  })
})

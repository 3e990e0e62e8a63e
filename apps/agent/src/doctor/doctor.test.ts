import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Finding, openDataFolder } from '@rport/host'
import { silentLogger, systemClock } from '@rport/kit'
import { acceptAgent, type Connection, hostKeyFromSeed } from '@rport/transport'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadAgentConfig } from '../config/index.ts'
import { runDoctor } from './index.ts'

const hostKey = hostKeyFromSeed('test')
const closers: (() => unknown)[] = []
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rport-doctor-'))
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  rmSync(root, { recursive: true })
})

async function listen(server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): unknown }>()
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** Lets `agent` in with `secret`; what it hears from whom is kept. */
async function startRportd(answer: (response: ServerResponse) => void = (response) => response.writeHead(404).end()) {
  const heard: string[] = []
  const connections: Connection[] = []
  const server = createServer((_request, response) => answer(response))
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    acceptAgent(request, socket as never, head, '127.0.0.1', {
      hostKey,
      verifyPassword: async (id, password) => id === 'agent' && password === 'secret',
      log: silentLogger,
    }).then(
      (connection) => {
        connections.push(connection)
        connection.serve({
          onRequest: async ({ name }: { name: string }) => {
            heard.push(name)
          },
        } as never)
      },
      () => heard.push('failed'),
    )
  })
  return { port: await listen(server), heard, connections }
}

const serve = (status: number, headers: Record<string, string> = {}) =>
  listen(
    createServer((_request, response) => response.writeHead(status, headers).end()).on(
      'upgrade',
      (_request, socket) => {
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        socket.on('error', () => socket.destroy())
        socket.end(`HTTP/1.1 ${status} Whatever\r\n${lines.join('')}Content-Length: 0\r\n\r\n`)
      },
    ),
  )

async function doctor(...argv: string[]) {
  let output = ''
  const readFile = () => {
    throw Object.assign(new Error('none'), { code: 'ENOENT' })
  }
  const code = await runDoctor(['--json', ...argv], {
    loadSettings: (words) =>
      loadAgentConfig({ argv: words, env: {}, cwd: root, readFile, interactive: true, platform: 'linux' }),
    print: (text) => {
      output += text
    },
    resolve: async (host) => {
      if (host === 'known.example.com') return [{ address: '127.0.0.1' }]
      throw Object.assign(new Error('getaddrinfo'), { code: host.startsWith('silent') ? 'EAI_AGAIN' : 'ENOTFOUND' })
    },
    clock: systemClock,
    log: silentLogger,
  })
  const findings: readonly Finding[] = output.startsWith('{') ? JSON.parse(output).findings : []
  return {
    code,
    output,
    findings,
    last: findings.at(-1),
    of: (check: string) => findings.find((each) => each.check === check),
  }
}

describe('rport doctor', () => {
  test('goes the whole way to a server that works, logs in and asks for nothing', async () => {
    const { port, heard, connections } = await startRportd()
    const { code, findings } = await doctor(
      '--auth',
      'agent:secret',
      '--fingerprint',
      hostKey.fingerprint,
      `127.0.0.1:${port}`,
    )
    expect(findings.filter(({ outcome }) => outcome !== 'ok')).toEqual([])
    expect(findings.slice(-6).map(({ check }) => check)).toEqual([
      'name',
      'connection',
      'WebSocket',
      'fingerprint',
      'credentials',
      'clock',
    ])
    expect(code).toBe(0)
    await connections[0]?.closed
    expect(heard).toEqual([])
  })

  test('shows the fingerprint of a server that nobody has pinned', async () => {
    const { port } = await startRportd()
    const { code, of } = await doctor('--auth', 'agent:secret', `127.0.0.1:${port}`)
    expect([code, of('fingerprint')]).toMatchObject([
      0,
      { outcome: 'warn', fix: expect.stringContaining(hostKey.fingerprint) },
    ])
  })

  test('stops at another fingerprint, and shows its password to nobody', async () => {
    const { port } = await startRportd()
    const fingerprint = Array(16).fill('00').join(':')
    const { code, last, output } = await doctor(
      '--auth',
      'agent:secret',
      '--fingerprint',
      fingerprint,
      `127.0.0.1:${port}`,
    )
    expect([code, last]).toMatchObject([
      1,
      { check: 'fingerprint', detail: expect.stringContaining('no password was sent') },
    ])
    expect(output).not.toContain('secret')
  })

  test.each([
    [['--auth', 'agent:wrong'], 'check client.auth'],
    [[], 'this server wants credentials'],
  ])('tells of a login that is refused: %j', async (flags, fix) => {
    const { port } = await startRportd()
    const { code, last } = await doctor(...flags, `127.0.0.1:${port}`)
    expect([code, last]).toMatchObject([1, { check: 'credentials', fix: expect.stringContaining(fix) }])
  })

  test.each([
    [3_600_000, 'behind'],
    [-3_600_000, 'ahead of'],
  ])('tells of a clock that is %i ms off', async (offMs, direction) => {
    const { port } = await startRportd((response) => {
      response.sendDate = false
      response.writeHead(404, { Date: new Date(Date.now() + offMs).toUTCString() }).end()
    })
    const { code, of } = await doctor('--auth', 'agent:secret', `127.0.0.1:${port}`)
    expect([code, of('clock')]).toMatchObject([0, { outcome: 'warn', detail: expect.stringContaining(direction) }])
  })

  test.each([
    ['nowhere.example.com:80', 'typing error'],
    ['silent.example.com:80', 'no name server answers'],
  ])('tells of a name that is not known: %s', async (server, fix) => {
    const { code, last } = await doctor(server)
    expect([code, last]).toMatchObject([1, { check: 'name', fix: expect.stringContaining(fix) }])
  })

  test('tells of a port on which nobody listens', async () => {
    const { last } = await doctor('127.0.0.1:1')
    expect(last).toMatchObject({ check: 'connection', fix: expect.stringContaining('nobody listens there') })
  })

  test.each<[number, Record<string, string>, string]>([
    [404, {}, 'not that of the API'],
    [301, { Location: 'https://elsewhere/' }, 'https:// instead of http://'],
    [423, {}, 'is banned'],
    [503, { 'Retry-After': '5' }, 'busy or starting'],
    [502, {}, 'does not let WebSockets through'],
    [418, {}, 'the port where agents arrive'],
  ])('tells what an answer of %i means', async (status, headers, fix) => {
    const { code, last } = await doctor(`127.0.0.1:${await serve(status, headers)}`)
    expect([code, last]).toMatchObject([1, { check: 'WebSocket', fix: expect.stringContaining(fix) }])
  })

  test('tells of a port that speaks something else', async () => {
    const port = await listen(
      createTcpServer((socket) => socket.on('error', () => undefined).write('SSH-2.0-OpenSSH\r\n')),
    )
    const { last } = await doctor(`127.0.0.1:${port}`)
    expect(last).toMatchObject({ check: 'WebSocket', fix: expect.stringContaining('another program listens there') })
  })

  test('tells of a port without TLS', async () => {
    const { port } = await startRportd()
    const { last } = await doctor(`https://127.0.0.1:${port}`)
    expect(last).toMatchObject({ check: 'certificate', fix: expect.stringContaining('speak no TLS') })
  })

  test('tells of a proxy that is not there, and of one that refuses', async () => {
    const gone = await doctor('--proxy', 'http://127.0.0.1:1', 'x:80')
    expect(gone.last).toMatchObject({ check: 'proxy', fix: expect.stringContaining('client.proxy') })
    const port = await listen(
      createServer().on('connect', (_request, socket) => socket.end('HTTP/1.1 407 Who are you\r\n\r\n')),
    )
    const refusing = await doctor('--proxy', `http://ada:sesame@127.0.0.1:${port}`, 'x:80')
    expect(refusing.last).toMatchObject({
      check: 'proxy',
      outcome: 'fail',
      fix: expect.stringContaining('user and password'),
    })
    expect(refusing.output).not.toContain('sesame')
  })

  test('takes a failing main server for a warning when a fallback works', async () => {
    const { port } = await startRportd()
    const argv = ['--auth', 'agent:secret', '--fallback-server', `127.0.0.1:${port}`, '127.0.0.1:1']
    const { code, findings } = await doctor(...argv)
    expect(findings.map(({ outcome }) => outcome)).not.toContain('fail')
    expect(findings.filter(({ check, outcome }) => check === 'connection' && outcome === 'warn')).toHaveLength(1)
    expect(code).toBe(0)
  })

  test('tells of wrong settings and looks at nothing else then', async () => {
    const { code, findings } = await doctor()
    expect([code, findings]).toMatchObject([1, [{ check: 'configuration', outcome: 'fail' }]])
  })

  test('tells of an agent that runs, and of a folder that cannot be used', async () => {
    const folder = await openDataFolder(join(root, 'data'), { program: 'rport' })
    closers.push(folder.close)
    const running = await doctor('--data-dir', folder.path, '127.0.0.1:1')
    expect(running.of('data folder')?.detail).toContain(`with process id ${process.pid}`)
    writeFileSync(join(root, 'file'), '')
    const broken = await doctor('--data-dir', join(root, 'file'), '127.0.0.1:1')
    expect(broken.of('data folder')).toMatchObject({
      outcome: 'fail',
      detail: expect.stringContaining('it is no folder'),
    })
  })

  test('tells of authorities that cannot be read', async () => {
    const { last } = await doctor('--ca-file', '/none.pem', 'https://known.example.com:1')
    expect(last).toMatchObject({ check: 'certificate', fix: 'check the path and who may read it' })
  })

  test('explains itself', async () => {
    const { code, output } = await doctor('--help')
    expect([code, output]).toEqual([0, expect.stringContaining('Usage: rport doctor')])
  })
})

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { AlgorithmChoice } from '../ssh/algorithms/negotiate.ts'
import { dialPlainSsh, echoAll, servePlainSsh } from '../testing/index.ts'

// Whole programs and megabytes: a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const SSH = '/usr/bin/ssh'
const SSHD = '/usr/sbin/sshd'
const withSsh = existsSync(SSH) ? describe : describe.skip
const withSshd = existsSync(SSHD) ? describe : describe.skip
const leftOut = [SSH, SSHD].filter((file) => !existsSync(file))
if (leftOut.length > 0) {
  process.stderr.write(
    `interop with OpenSSH is left out: no ${leftOut.join(', ')} (Debian: openssh-client, openssh-server)\n`,
  )
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'transport-openssh-'))
  writeFileSync(join(folder, 'askpass'), '#!/bin/sh\necho right\n', { mode: 0o700 })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

/** What this ssh can do and we can, too. */
const both = (kind: 'kex' | 'cipher' | 'mac', ours: readonly string[]): string[] => {
  if (!existsSync(SSH)) return []
  const theirs = spawnSync(SSH, ['-Q', kind], { encoding: 'utf8' }).stdout.split('\n')
  return ours.filter((name) => theirs.includes(name))
}
const KEX = both('kex', [
  'mlkem768x25519-sha256',
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group14-sha1',
])
const CIPHERS = both('cipher', [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
])
const MACS = both('mac', [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
  'hmac-sha1',
  'hmac-sha1-96',
])

function startSsh(
  port: number,
  options: readonly string[],
  ...more: readonly string[]
): ChildProcess & { stdin: NodeJS.WritableStream; stdout: NodeJS.ReadableStream } {
  const fixed = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'PreferredAuthentications=password',
    'NumberOfPasswordPrompts=1',
    'LogLevel=ERROR',
    'ExitOnForwardFailure=yes',
  ]
  const flags = [...options, ...fixed].flatMap((option) => ['-o', option])
  const child = spawn(SSH, ['-F', '/dev/null', ...flags, '-p', String(port), ...more, 'agent-1@127.0.0.1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: '/usr/bin:/bin', HOME: folder, SSH_ASKPASS: join(folder, 'askpass'), SSH_ASKPASS_REQUIRE: 'force' },
  })
  closers.push(() => child.kill('SIGKILL'))
  child.stdin.on('error', () => undefined)
  return child
}

const refuse = () => ({ ok: false, payload: Buffer.alloc(0) })

/** Sends `byteCount` bytes through one channel of `ssh` to an echo on our side, and checks what comes back. */
async function echoThroughSsh(choice: AlgorithmChoice, options: readonly string[], byteCount: number): Promise<number> {
  const server = await servePlainSsh({ algorithms: choice })
  closers.push(server.close)
  const ssh = startSsh(server.port, options, '-W', 'x:1')
  const session = await server.next()
  session.announcePeerFeatures({ halfClose: true, zeroMask: false })
  session.serve({ onRequest: refuse, onChannel: echoAll })
  const bytes = randomBytes(byteCount)
  ssh.stdin.end(bytes)
  const parts: Buffer[] = []
  ssh.stdout.on('data', (part: Buffer) => parts.push(part))
  const [code] = (await once(ssh, 'close')) as [number]
  expect(Buffer.concat(parts).equals(bytes)).toBe(true)
  return code
}

withSsh("OpenSSH's client and our server", () => {
  const MB = 1_000_000

  test.each(KEX)('agree by %s and move 20 MB both ways', async (kex) => {
    expect(await echoThroughSsh({ kex: [kex] }, [`KexAlgorithms=${kex}`], 20 * MB)).toBe(0)
  })

  test.each(CIPHERS)('move 20 MB both ways under %s', async (cipher) => {
    expect(await echoThroughSsh({ ciphers: [cipher] }, [], 20 * MB)).toBe(0)
  })

  test.each(MACS)('move 5 MB both ways under aes128-ctr with %s', async (mac) => {
    const options = [`MACs=${mac}`, 'Ciphers=aes128-ctr']
    expect(await echoThroughSsh({ ciphers: ['aes128-ctr'], macs: [mac] }, options, 5 * MB)).toBe(0)
  })

  test.each(CIPHERS)('renew keys after every megabyte of 20 under %s', async (cipher) => {
    expect(await echoThroughSsh({ ciphers: [cipher] }, ['RekeyLimit=1M'], 20 * MB)).toBe(0)
  })

  test('carry many connections at once through a forwarded port', async () => {
    const server = await servePlainSsh()
    closers.push(server.close)
    const local = await freePort()
    startSsh(server.port, [], '-N', '-L', `127.0.0.1:${local}:x:1`)
    const session = await server.next()
    session.announcePeerFeatures({ halfClose: true, zeroMask: false })
    const targets: string[] = []
    session.serve({
      onRequest: refuse,
      onChannel: (open) => {
        targets.push(open.type)
        echoAll(open)
      },
    })
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        const bytes = randomBytes(500_000)
        const socket = await connectWhenThere(local)
        const parts: Buffer[] = []
        socket.on('data', (part: Buffer) => parts.push(part))
        socket.end(bytes)
        await once(socket, 'end')
        expect(Buffer.concat(parts).equals(bytes)).toBe(true)
      }),
    )
    expect(new Set(targets)).toEqual(new Set(['direct-tcpip']))
  })

  test('part when the password is wrong', async () => {
    const server = await servePlainSsh()
    closers.push(server.close)
    writeFileSync(join(folder, 'askpass'), '#!/bin/sh\necho wrong\n', { mode: 0o700 })
    try {
      const ssh = startSsh(server.port, ['LogLevel=QUIET'], '-N')
      await expect(server.next()).rejects.toThrow()
      expect((await once(ssh, 'close'))[0]).toBe(255)
    } finally {
      writeFileSync(join(folder, 'askpass'), '#!/bin/sh\necho right\n', { mode: 0o700 })
    }
  })
})

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** `ssh` begins to listen when it is ready: until then there is nobody. */
async function connectWhenThere(port: number): Promise<net.Socket> {
  for (;;) {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    try {
      await once(socket, 'connect')
      return socket
    } catch {
      socket.destroy()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

withSshd("our agent and OpenSSH's server", () => {
  /** An sshd on a fresh host key of this kind, for as long as the test lasts. */
  async function startSshd(type = 'ed25519', bits = 256): Promise<{ port: number; fingerprint: string }> {
    const key = join(folder, `host-${type}-${bits}`)
    if (!existsSync(key)) {
      execFileSync('ssh-keygen', ['-q', '-t', type, '-b', String(bits), '-N', '', '-f', key])
    }
    // Where a root sshd locks up its unprivileged half; Debian makes it at boot, containers often do not.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
    const port = await freePort()
    const config = join(folder, `sshd-${port}`)
    const lines = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${key}`,
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      'PasswordAuthentication yes',
      'KexAlgorithms +diffie-hellman-group14-sha1',
    ]
    writeFileSync(config, `${lines.join('\n')}\n`)
    const sshd = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
    closers.push(() => sshd.kill('SIGTERM'))
    let said = ''
    await new Promise<void>((resolve, reject) => {
      sshd.stderr.on('data', (part: Buffer) => {
        said += part.toString()
        if (said.includes('Server listening on 127.0.0.1')) resolve()
      })
      sshd.once('exit', () => reject(new Error(`sshd ended: ${said}`)))
    })
    const listed = execFileSync('ssh-keygen', ['-l', '-E', 'md5', '-f', `${key}.pub`], { encoding: 'utf8' })
    return { port, fingerprint: / MD5:(\S+) /.exec(listed)?.[1] ?? '' }
  }

  test.each([
    ['ecdsa', 256],
    ['ecdsa', 384],
    ['ecdsa', 521],
    ['ed25519', 256],
    ['rsa', 2048],
    ['rsa', 3072],
  ] as const)('agree on keys; a host key of type %s %s is checked and known by its fingerprint', async (type, bits) => {
    const { port, fingerprint } = await startSshd(type, bits)
    const shown: string[] = []
    const dialled = dialPlainSsh(port, { fingerprint, onFingerprint: (print) => void shown.push(print) })
    // There is no such account: getting as far as the refusal takes a whole key exchange and a right signature.
    await expect(dialled).rejects.toMatchObject({ code: 'auth-refused' })
    expect(shown).toEqual([fingerprint])
    await expect(dialPlainSsh(port, { fingerprint: 'ff:ff' })).rejects.toMatchObject({ code: 'fingerprint-mismatch' })
  })

  test.each(KEX)('agree by %s', async (kex) => {
    const { port } = await startSshd()
    await expect(dialPlainSsh(port, { algorithms: { kex: [kex] } })).rejects.toMatchObject({ code: 'auth-refused' })
  })

  test.each(CIPHERS)('speak under %s', async (cipher) => {
    const { port } = await startSshd()
    await expect(dialPlainSsh(port, { algorithms: { ciphers: [cipher] } })).rejects.toMatchObject({
      code: 'auth-refused',
    })
  })
})

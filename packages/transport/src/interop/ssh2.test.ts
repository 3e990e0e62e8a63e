import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import ssh2, { type ServerChannel, type Connection as Ssh2Connection } from 'ssh2'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Channel } from '../channel.ts'
import type { AlgorithmChoice } from '../ssh/algorithms/negotiate.ts'
import type { SshSession } from '../ssh/session.ts'
import { dialPlainSsh, echo, echoAll, servePlainSsh } from '../testing/index.ts'
import { ByteWriter } from '../wire/byte-writer.ts'

// Cryptography in JavaScript at both ends: a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 })

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const CIPHERS = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com']
const CTR = ['aes128-ctr', 'aes192-ctr', 'aes256-ctr']
const MACS = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
  'hmac-sha1',
  'hmac-sha1-96',
]
const KEX = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group14-sha1',
]

interface Suite {
  readonly name: string
  readonly kex?: string
  readonly cipher?: string
  readonly mac?: string
}

const SUITES: readonly Suite[] = [
  ...KEX.map((kex) => ({ name: kex, kex })),
  ...CIPHERS.map((cipher) => ({ name: cipher, cipher })),
  ...CTR.flatMap((cipher) => MACS.map((mac) => ({ name: `${cipher} with ${mac}`, cipher, mac }))),
]

/** The same choice, as each of the two programs wants to hear it. */
const ours = (suite: Suite): AlgorithmChoice => ({
  ...(suite.kex ? { kex: [suite.kex] } : {}),
  ...(suite.cipher ? { ciphers: [suite.cipher] } : {}),
  ...(suite.mac ? { macs: [suite.mac] } : {}),
})
const theirs = (suite: Suite) =>
  ({
    ...(suite.kex ? { kex: [suite.kex] } : {}),
    ...(suite.cipher ? { cipher: [suite.cipher] } : {}),
    ...(suite.mac ? { hmac: [suite.mac] } : {}),
  }) as ssh2.Algorithms

const inTime = { timeoutMs: 30_000 }
const refuse = () => ({ ok: false, payload: Buffer.from('unknown request') })

async function dialWithSsh2(port: number, suite: Suite): Promise<ssh2.Client> {
  const client = new ssh2.Client()
  client.connect({ host: '127.0.0.1', port, username: 'agent-1', password: 'right', algorithms: theirs(suite) })
  closers.push(() => client.destroy())
  await once(client, 'ready')
  // The test ends the line as it likes.
  client.on('error', () => undefined)
  return client
}

const forwardOut = (client: ssh2.Client | Ssh2Connection): Promise<ssh2.Channel> =>
  new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 1, '127.0.0.1', 22, (error, stream) => (error ? reject(error) : resolve(stream)))
  })

/** Sends through `write` and gives what comes back, until it is as much. */
function sendAndCollect(
  bytes: Buffer,
  line: { onBytes(take: (piece: Buffer) => void): void; write(bytes: Buffer): void },
): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let left = bytes.length
    line.onBytes((piece) => {
      parts.push(Buffer.from(piece))
      left -= piece.length
      if (left <= 0) resolve(Buffer.concat(parts))
    })
    line.write(bytes)
  })
}

const overStream = (stream: ssh2.Channel, bytes: Buffer) =>
  sendAndCollect(bytes, {
    onBytes: (take) => stream.on('data', take),
    write: (all) => void stream.write(all),
  })

const overChannel = (channel: Channel, bytes: Buffer) =>
  sendAndCollect(bytes, {
    onBytes: (take) => {
      channel.onData = (piece) => {
        take(piece)
        channel.consumed(piece.length)
      }
    },
    write: (all) => void channel.send(all),
  })

describe.each(SUITES)('$name', (suite) => {
  test('an ssh2 client and our server talk both ways, over a renewal of keys by each', async () => {
    const server = await servePlainSsh({ algorithms: ours(suite) })
    closers.push(server.close)
    const accepted = server.next()
    const client = await dialWithSsh2(server.port, suite)
    const session = await accepted
    session.serve({ onRequest: refuse, onChannel: echoAll })
    const stream = await forwardOut(client)
    await echoes((bytes) => overStream(stream, bytes), session, client)
  })

  test('our agent and an ssh2 server talk both ways, over a renewal of keys by each', async () => {
    const { port, next } = await serveWithSsh2(suite)
    const agent = await dialPlainSsh(port, { algorithms: ours(suite) })
    closers.push(() => agent.close())
    agent.serve({ onRequest: refuse, onChannel: echoAll })
    const connection = await next
    connection.on('tcpip', (accept) => {
      const stream: ServerChannel = accept()
      stream.pipe(stream)
    })
    const data = new ByteWriter().string('127.0.0.1').uint32(22).string('127.0.0.1').uint32(1).finish()
    const channel = await agent.openChannel('direct-tcpip', data, inTime)
    await echoes((bytes) => overChannel(channel, bytes), agent, connection)
  })
})

/** Two transfers, with new keys from either side in the middle of each. */
async function echoes(
  send: (bytes: Buffer) => Promise<Buffer>,
  session: SshSession,
  other: Ssh2Connection | ssh2.Client,
): Promise<void> {
  // A client of ssh2 can renew keys, too, but does not say so in its types.
  const renewTheirs = () =>
    'rekey' in other ? other.rekey() : (other as unknown as { _protocol: { rekey(): void } })._protocol.rekey()
  for (const rekey of [() => session.rekey(), renewTheirs]) {
    const bytes = randomBytes(150_000)
    const back = send(bytes)
    rekey()
    expect((await back).equals(bytes)).toBe(true)
  }
}

async function serveWithSsh2(suite: Suite): Promise<{ port: number; next: Promise<Ssh2Connection> }> {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  })
  let tell: (connection: Ssh2Connection) => void = () => undefined
  const next = new Promise<Ssh2Connection>((resolve) => {
    tell = resolve
  })
  const server = new ssh2.Server({ hostKeys: [privateKey], algorithms: theirs(suite) }, (connection) => {
    connection.on('error', () => undefined)
    connection.on('authentication', (context) => {
      if (context.method === 'password' && context.password === 'right') context.accept()
      else context.reject(['password'])
    })
    connection.on('ready', () => tell(connection))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  return { port: (server.address() as AddressInfo).port, next }
}

describe('global requests', () => {
  test('of an ssh2 client reach our owner with their payload, and the answer reaches it', async () => {
    const server = await servePlainSsh()
    closers.push(server.close)
    const accepted = server.next()
    const client = await dialWithSsh2(server.port, { name: '' })
    const session = await accepted
    const asked: string[] = []
    session.serve({
      onRequest: (name, payload) => {
        asked.push(`${name} ${payload.toString('hex')}`)
        return { ok: payload.length > 20, payload: new ByteWriter().uint32(4711).finish() }
      },
      onChannel: echoAll,
    })
    const bind = (address: string, port: number) =>
      new Promise<number | string>((resolve) => {
        client.forwardIn(address, port, (error, bound) => resolve(error ? error.message : bound))
      })
    expect(await bind('127.0.0.1.example.com', 0)).toBe(4711)
    expect(await bind('x', 0)).toContain('Unable to bind')
    expect(asked[1]).toBe(`tcpip-forward ${new ByteWriter().string('x').uint32(0).finish().toString('hex')}`)
  })

  test('of ours are refused by an ssh2 client that knows none, in order', async () => {
    const server = await servePlainSsh()
    closers.push(server.close)
    const accepted = server.next()
    await dialWithSsh2(server.port, { name: '' })
    const session = await accepted
    session.serve({ onRequest: refuse, onChannel: echoAll })
    const answers = await Promise.all([1, 2, 3].map((n) => session.request(`unknown-${n}`, '', inTime)))
    expect(answers.map((answer) => answer.ok)).toEqual([false, false, false])
  })
})

describe('channels', () => {
  test('that an ssh2 server opens to our agent carry data, and their end is passed on', async () => {
    const { port, next } = await serveWithSsh2({ name: '' })
    const agent = await dialPlainSsh(port)
    closers.push(() => agent.close())
    agent.announcePeerFeatures({ halfClose: true, zeroMask: false })
    agent.serve({ onRequest: refuse, onChannel: echoAll })
    const stream = await forwardOut(await next)
    const bytes = randomBytes(1_000_000)
    expect((await overStream(stream, bytes)).equals(bytes)).toBe(true)
    const ended = once(stream, 'end')
    stream.end()
    await ended
  })

  test('of unknown types are refused with our reason', async () => {
    const server = await servePlainSsh()
    closers.push(server.close)
    const accepted = server.next()
    const client = await dialWithSsh2(server.port, { name: '' })
    const session = await accepted
    session.serve({ onRequest: refuse, onChannel: (open) => open.reject('prohibited', 'not here') })
    await expect(forwardOut(client)).rejects.toThrow('not here')
  })

  test('two hundred at once over one connection stay apart', async () => {
    const server = await servePlainSsh()
    closers.push(server.close)
    const accepted = server.next()
    const client = await dialWithSsh2(server.port, { name: '' })
    const session = await accepted
    session.serve({ onRequest: refuse, onChannel: (open) => echo(open.accept()) })
    await Promise.all(
      Array.from({ length: 200 }, async () => {
        const bytes = randomBytes(5000)
        const stream = await forwardOut(client)
        expect((await overStream(stream, bytes)).equals(bytes)).toBe(true)
        stream.close()
      }),
    )
  })
})

test('a wrong password is refused as ssh2 expects it', async () => {
  const server = await servePlainSsh()
  closers.push(server.close)
  const client = new ssh2.Client()
  closers.push(() => client.destroy())
  client.on('error', () => undefined)
  client.connect({ host: '127.0.0.1', port: server.port, username: 'a', password: 'wrong' })
  const [error] = (await once(client, 'error').catch((thrown: unknown) => [thrown])) as [Error]
  expect(error.message).toBe('All configured authentication methods failed')
})

import { connect, type Socket } from 'node:net'
import { splitHostPort } from '@rport/kit'
import {
  type Channel,
  ChannelRefused,
  type CloseReason,
  type Connection,
  type RequestReply,
  TransportError,
} from '@rport/transport'

/** An answer of the scripted agent: success with JSON, or failure with a text. */
export type FakeAnswer = { ok: true; value: unknown } | { ok: false; text: string }

export interface FakeAgentOptions {
  user?: string
  address?: string
  /** Answers by request name; an unknown name is answered as an agent does. */
  answers?: Record<string, (payload: unknown) => FakeAnswer | Promise<FakeAnswer>>
  /** Refuses the channel to this target, as `tunnel_allowed` does. */
  refuses?: (target: string) => boolean
  /** An agent of this product; default: one of the original. */
  isOurs?: boolean
}

/** The server's end of a connection whose agent is played by the test: it dials real sockets on loopback. */
export interface FakeAgent {
  readonly connection: Connection
  /** Everything that the server asked or told, in order. */
  readonly requests: readonly { name: string; payload: unknown }[]
  /** Targets of the channels that were opened, in order. */
  readonly channels: readonly string[]
  /** What the agent answers from now on. */
  answer(name: string, answer: (payload: unknown) => FakeAnswer | Promise<FakeAnswer>): void
}

/** An agent on the other end of an imaginary line. It ends with `connection.close()`. */
export function createFakeAgent(options: FakeAgentOptions = {}): FakeAgent {
  const answers = new Map(Object.entries(options.answers ?? {}))
  const requests: { name: string; payload: unknown }[] = []
  const channels: string[] = []
  const sockets = new Set<Socket>()
  const { promise: closed, resolve: end } = Promise.withResolvers<CloseReason>()
  let isClosed = false

  const request: Connection['request'] = async (name, payload, { signal }) => {
    if (isClosed) throw new TransportError('closed', 'connection is closed')
    const asked: unknown = payload.length === 0 ? undefined : JSON.parse(payload.toString())
    requests.push({ name, payload: asked })
    const respond = answers.get(name) ?? (() => ({ ok: false as const, text: 'unknown request' }))
    const aborted = new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    const answer = await Promise.race([respond(asked), closed.then(() => undefined), aborted])
    if (!answer) throw new TransportError('closed', 'connection is closed')
    return toReply(answer)
  }
  const openChannel: Connection['openChannel'] = async (_type, data, { signal }) => {
    const target = data.toString()
    channels.push(target)
    if (isClosed) throw new TransportError('closed', 'connection is closed')
    if (options.refuses?.(target)) throw new ChannelRefused('prohibited', 'not allowed with "tunnel_allowed" config')
    signal?.throwIfAborted()
    const { host, port } = splitHostPort(target.split('/')[0] ?? '') ?? { host: '127.0.0.1', port: 0 }
    const socket = connect({ host, port })
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return socketChannel(socket)
  }
  return {
    requests,
    channels,
    answer: (name, answer) => void answers.set(name, answer),
    connection: {
      role: 'server',
      user: options.user ?? 'auth-1',
      peerIdent: 'SSH-rport-v1-client',
      remoteAddress: options.address ?? '192.0.2.7',
      lastReceivedAt: 0,
      bytesReceived: 0,
      bytesSent: 0,
      get isClosed() {
        return isClosed
      },
      isOurs: options.isOurs ?? false,
      closed,
      serve: () => undefined,
      request,
      notify: (name, payload) => void requests.push({ name, payload: JSON.parse(payload.toString()) }),
      openChannel,
      openEarly: () => undefined,
      probe: () => undefined,
      announcePeerFeatures: () => undefined,
      close(reason = 'closed') {
        isClosed = true
        for (const socket of sockets) socket.destroy()
        end({ code: 'local', text: reason })
      },
    },
  }
}

const toReply = (answer: FakeAnswer): RequestReply => ({
  ok: answer.ok,
  payload: Buffer.from(answer.ok ? JSON.stringify(answer.value) : answer.text),
})

/** A channel as the Go agent serves it: confirmed before dialling, both directions end together. */
function socketChannel(socket: Socket): Channel {
  const channel: Channel = {
    type: 'rport',
    get isOpen() {
      return !socket.destroyed
    },
    get bytesReceived() {
      return socket.bytesRead
    },
    get bytesSent() {
      return socket.bytesWritten
    },
    get queuedBytes() {
      return socket.writableLength
    },
    send: (bytes) => socket.write(bytes),
    sendEof: () => void socket.end(),
    consumed: () => undefined,
    close: () => void socket.destroy(),
    onData: undefined,
    onDrain: undefined,
    onEof: undefined,
    onClose: undefined,
  }
  socket.on('data', (bytes) => channel.onData?.(bytes as Buffer, { hold: () => ({ release: () => undefined }) }))
  socket.on('drain', () => channel.onDrain?.())
  socket.on('error', () => undefined) // a refused dial looks like an immediate close
  socket.on('close', () => channel.onClose?.())
  return channel
}

import { createServer, type Server, type Socket } from 'node:net'
import { type Clock, errorCode, errorMessage, type Logger } from '@rport/kit'
import { type Channel, ChannelRefused } from '@rport/transport'

/** Joins a visitor's socket with a channel until either ends. `closed` never rejects. */
export type PipeSocket = (socket: Socket, channel: Channel) => { close(): void; closed: Promise<void> }

/** What is left of the process's descriptors; see sockets/descriptor-budget.ts. */
export interface Descriptors {
  /** @returns false when none is left */
  take(): boolean
  give(): void
}

export interface TcpListenerOptions {
  /** Where to listen, port never 0. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Whether a visitor of this address may enter; asked for every connection. */
  readonly admits: (address: string) => boolean
  /** Opens the channel to the target; rejects with ChannelRefused, TransportError or the signal's reason. */
  readonly openChannel: (signal: AbortSignal) => Promise<Channel>
  /** A channel to the target that is there at once; undefined where the agent has to be waited for. */
  readonly openEarly?: () => Channel | undefined
  /** Told when a visitor has come or gone. */
  readonly onVisitors?: (() => void) | undefined
  readonly pipe: PipeSocket
  /** Visitors at a time; MAX_CONNECTIONS_PER_TUNNEL unless told otherwise. */
  readonly maxConnections?: number
  /** Bounds the visitors of all tunnels together, and agents with them; absent: no such bound. */
  readonly descriptors?: Descriptors | undefined
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Visitors of one tunnel at a time. Far above what a browser or a file copy opens, far below what would eat the
 * process's file descriptors.
 */
export const MAX_CONNECTIONS_PER_TUNNEL = 1000

/** Connections that the kernel may hold back for us while we are busy. */
const ACCEPT_BACKLOG = 511

/** A listening TCP port whose visitors are led through channels, one each. */
export interface TcpListener {
  readonly openConnections: number
  /** Monotonic milliseconds since when nobody is connected; meaningless while somebody is. */
  readonly idleSinceAt: number
  /** Frees the port and ends all visitors. The promise settles when the port is free. Idempotent, never rejects. */
  close(): Promise<void>
}

/** Whether the operating system said that somebody else has the address. */
export const isAddressInUse = (error: unknown): boolean => errorCode(error) === 'EADDRINUSE'

/**
 * Starts listening. A visitor's socket stays paused until there is a channel for it. Where the agent takes early data that is at
 * once, and what an agent drops because it refuses the channel was for nobody else.
 * @returns already accepting; the caller must `close` it
 * @throws  what the operating system says: EADDRINUSE, EACCES, EADDRNOTAVAIL
 */
export async function openTcpListener(options: TcpListenerOptions): Promise<TcpListener> {
  const visitors = createVisitors(options)
  // Half-open: a visitor that has sent everything still wants its answer; the pipe decides what the peer can do with it.
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, visitors.receive)
  await listen(server, options.listen)
  // After this only accept() fails, for want of descriptors: the listener stays, the visitor is the kernel's to refuse.
  server.on('error', (error) => options.log.warn({ error: errorMessage(error) }, 'tunnel cannot accept a connection'))

  let closing: Promise<void> | undefined
  return {
    get openConnections() {
      return visitors.count()
    },
    get idleSinceAt() {
      return visitors.idleSinceAt()
    },
    close() {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve())
        visitors.end()
      })
      return closing
    },
  }
}

function listen(server: Server, address: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // exclusive: the port is ours alone, also where a cluster of processes could share it.
    server.listen({ host: address.host, port: address.port, backlog: ACCEPT_BACKLOG, exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function createVisitors(options: TcpListenerOptions) {
  const { clock, descriptors, log, maxConnections = MAX_CONNECTIONS_PER_TUNNEL } = options
  const sockets = new Set<Socket>()
  /** What ends the waits for channels. */
  const waits = new Set<AbortController>()
  let hasEnded = false
  let idleSinceAt = clock.monotonic()
  let wasFull = false

  const receive = (socket: Socket) => {
    // A visitor may vanish at any moment from here on; without a listener its reset would end the process.
    socket.on('error', (error) => log.debug({ error: errorMessage(error) }, 'tunnel visitor failed'))
    const address = socket.remoteAddress ?? ''
    if (!options.admits(address)) {
      log.info({ address }, 'tunnel visitor refused by acl')
      return void socket.destroy()
    }
    if (sockets.size >= maxConnections) {
      if (!wasFull) log.warn({ limit: maxConnections }, 'tunnel is full, further visitors are refused')
      wasFull = true
      return void socket.destroy()
    }
    if (descriptors && !descriptors.take()) return void socket.destroy()
    sockets.add(socket)
    options.onVisitors?.()
    socket.once('close', () => {
      descriptors?.give()
      sockets.delete(socket)
      wasFull = false
      if (sockets.size === 0) idleSinceAt = clock.monotonic()
      options.onVisitors?.()
    })
    const channel = options.openEarly?.()
    if (channel) join(socket, channel)
    else void wait(socket)
  }

  const join = (socket: Socket, channel: Channel) => {
    void options.pipe(socket, channel).closed.then(() => {
      socket.destroy()
      if (channel.refusal && !hasEnded) tell(channel.refusal)
    })
  }

  /** Never rejects: whatever goes wrong ends this one visitor. */
  const wait = async (socket: Socket) => {
    const gone = new AbortController()
    waits.add(gone)
    const onClose = () => gone.abort(new Error('the visitor left'))
    socket.once('close', onClose)
    try {
      const channel = await options.openChannel(gone.signal)
      socket.off('close', onClose)
      if (socket.destroyed || hasEnded) channel.close({ abort: true })
      else return join(socket, channel)
    } catch (error) {
      if (!gone.signal.aborted && !hasEnded) tell(error)
    } finally {
      waits.delete(gone)
    }
    socket.destroy()
  }

  const tell = (error: unknown) => {
    if (error instanceof ChannelRefused) log.info({ reason: error.message }, 'agent refused the visitor')
    else log.warn({ error: errorMessage(error) }, 'tunnel visitor could not be led to the target')
  }

  return {
    receive,
    count: () => sockets.size,
    idleSinceAt: () => idleSinceAt,
    end() {
      hasEnded = true
      for (const gone of waits) gone.abort(new Error('the tunnel was closed'))
      for (const socket of sockets) socket.destroy()
    },
  }
}

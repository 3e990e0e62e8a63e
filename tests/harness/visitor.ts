import { connect, type Socket } from 'node:net'
import { PATIENCE_MS, within } from './deadline.ts'

export interface VisitOptions {
  port: number
  host?: string
  /** Sent once connected. */
  send?: string | Buffer
  /** Closes the sending side after `send`. */
  halfClose?: boolean
  limitMs?: number
}

/** Connects, sends, and reads to the end. A refused connection and a reset show as `error`. */
export async function visit(options: VisitOptions): Promise<{ text: string; error?: string }> {
  const socket = connect({ port: options.port, host: options.host ?? '127.0.0.1', allowHalfOpen: true })
  const pieces: Buffer[] = []
  let error: string | undefined
  const over = Promise.withResolvers<void>()
  socket.on('connect', () => {
    if (options.halfClose) socket.end(options.send ?? '')
    else if (options.send !== undefined) socket.write(options.send)
  })
  socket.on('data', (chunk: Buffer) => pieces.push(chunk))
  socket.on('end', () => socket.end())
  socket.on('error', (failure: NodeJS.ErrnoException) => {
    error = failure.code ?? failure.message
  })
  socket.on('close', () => over.resolve())
  try {
    await within(over.promise, `visit of port ${options.port}`, options.limitMs ?? PATIENCE_MS)
  } finally {
    socket.destroy()
  }
  const text = Buffer.concat(pieces).toString()
  return error === undefined ? { text } : { text, error }
}

/** A connection that stays open. The test ends it. */
export interface OpenVisit {
  readonly socket: Socket
  /** Everything received so far. */
  readonly text: string
  readonly isClosed: boolean
  readonly closed: Promise<void>
  /** Resolves when what was received contains `text`. */
  receives(text: string, limitMs?: number): Promise<void>
}

/** Connects and stays. */
export async function openVisit(port: number, host = '127.0.0.1'): Promise<OpenVisit> {
  const socket = connect(port, host)
  let text = ''
  let isClosed = false
  const over = Promise.withResolvers<void>()
  const watchers = new Set<() => void>()
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    for (const look of watchers) look()
  })
  socket.on('error', () => undefined) // `close` follows
  socket.on('close', () => {
    isClosed = true
    over.resolve()
  })
  const connected = Promise.withResolvers<void>()
  socket.once('connect', () => connected.resolve())
  socket.once('close', () => connected.reject(new Error(`no connection to port ${port}`)))
  await within(connected.promise, `connection to port ${port}`)
  return {
    socket,
    closed: over.promise,
    get text() {
      return text
    },
    get isClosed() {
      return isClosed
    },
    async receives(expected, limitMs) {
      const seen = Promise.withResolvers<void>()
      const look = () => {
        if (text.includes(expected)) seen.resolve()
      }
      watchers.add(look)
      look()
      try {
        await within(seen.promise, `${JSON.stringify(expected)} arrives`, limitMs)
      } finally {
        watchers.delete(look)
      }
    },
  }
}

/** Whether somebody takes connections on this port. */
export async function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect(port, host)
  const answer = Promise.withResolvers<boolean>()
  socket.on('connect', () => answer.resolve(true))
  socket.on('error', () => answer.resolve(false))
  try {
    return await within(answer.promise, `answer of port ${port}`)
  } finally {
    socket.destroy()
  }
}

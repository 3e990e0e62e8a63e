import { createCipheriv, createHash, type Hash } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import { within } from './deadline.ts'
import { listen } from './ports.ts'
import type { Scope } from './scope.ts'

/**
 * A target that checks transfers without half-closed streams, so that it works through every kind of agent.
 *
 *   visitor → target   8 bytes  size of the upload, big-endian
 *                      8 bytes  size of the download, big-endian
 *                      n bytes  the upload
 *   target → visitor   m bytes  the download, pseudo-random; sent while the upload is still coming
 *                      32 bytes SHA-256 of the upload, once it is complete
 *
 * Both sides make their bytes from the same cipher stream, so nothing big is kept in memory.
 */
export const HEADER_BYTES = 16
const DIGEST_BYTES = 32
const PIECE_BYTES = 64 * 1024

const zeros = Buffer.alloc(PIECE_BYTES)

/** Pseudo-random bytes, the same for the same label. */
function* stream(label: string, totalBytes: number): Generator<Buffer> {
  const key = createHash('md5').update(label).digest()
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  for (let left = totalBytes; left > 0; left -= PIECE_BYTES)
    yield cipher.update(zeros.subarray(0, Math.min(left, PIECE_BYTES)))
}

function digestOf(label: string, totalBytes: number): Buffer {
  const hash = createHash('sha256')
  for (const piece of stream(label, totalBytes)) hash.update(piece)
  return hash.digest()
}

/** Writes with back-pressure; ends quietly when the socket dies, because the reader's side tells the story. */
async function pour(socket: Socket, pieces: Iterable<Buffer>): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return
    if (socket.write(piece)) continue
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off('drain', done)
        socket.off('close', done)
        resolve()
      }
      socket.on('drain', done)
      socket.on('close', done)
    })
  }
}

/** Starts the target on a loopback port; the scope closes it with all its connections. */
export async function startTransferTarget(
  scope: Scope,
): Promise<{ port: number; server: ReturnType<typeof createServer> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined) // cut lines are what these tests are about
    serveTransfer(socket)
  })
  scope.add(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: await listen(server), server }
}

function serveTransfer(socket: Socket): void {
  let header: Buffer = Buffer.alloc(0)
  let hash: Hash | undefined
  let missing = 0
  let downloaded: Promise<void> = Promise.resolve()
  socket.on('data', (chunk: Buffer) => {
    let data = chunk
    if (!hash) {
      header = Buffer.concat([header, data])
      if (header.length < HEADER_BYTES) return
      missing = Number(header.readBigUInt64BE(0))
      downloaded = pour(socket, stream('download', Number(header.readBigUInt64BE(8))))
      hash = createHash('sha256')
      data = header.subarray(HEADER_BYTES)
    }
    hash.update(data)
    missing -= data.length
    if (missing > 0) return
    const digest = hash.digest()
    void downloaded.then(() => socket.end(digest))
  })
}

export interface TransferResult {
  /** Both checksums were right and nothing was missing or doubled. */
  intact: boolean
  downloadedBytes: number
}

export interface TransferOptions {
  port: number
  host?: string
  uploadBytes: number
  downloadBytes: number
  limitMs?: number
  /** Called with the sum of bytes received so far: the moment to cut a line in the middle. */
  onProgress?: (downloadedBytes: number) => void
}

/** Visits a transfer target, usually through a tunnel. Never rejects because of a broken line: that is not intact. */
export async function transfer(options: TransferOptions): Promise<TransferResult> {
  const { uploadBytes, downloadBytes } = options
  const socket = connect(options.port, options.host ?? '127.0.0.1')
  const hash = createHash('sha256')
  let received = 0
  let tail: Buffer = Buffer.alloc(0)
  const over = Promise.withResolvers<void>()
  socket.on('error', () => undefined) // `close` follows and ends the story
  socket.on('close', () => over.resolve())
  socket.on('data', (chunk: Buffer) => {
    const start = received
    received += chunk.length
    if (start < downloadBytes) hash.update(chunk.subarray(0, downloadBytes - start))
    if (received > downloadBytes) tail = Buffer.concat([tail, chunk.subarray(Math.max(0, downloadBytes - start))])
    options.onProgress?.(Math.min(received, downloadBytes))
  })
  socket.on('connect', () => {
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeBigUInt64BE(BigInt(uploadBytes), 0)
    header.writeBigUInt64BE(BigInt(downloadBytes), 8)
    socket.write(header)
    void pour(socket, stream('upload', uploadBytes))
  })
  try {
    await within(over.promise, 'transfer', options.limitMs)
  } finally {
    socket.destroy()
  }
  const intact =
    received === downloadBytes + DIGEST_BYTES &&
    hash.digest().equals(digestOf('download', downloadBytes)) &&
    tail.equals(digestOf('upload', uploadBytes))
  return { intact, downloadedBytes: Math.min(received, downloadBytes) }
}

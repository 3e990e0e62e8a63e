import { connect, createServer, type Socket } from 'node:net'
import { listen } from './ports.ts'
import type { Scope } from './scope.ts'

/** A TCP line that can fail in every way a line fails. */
export interface CuttingProxy {
  readonly port: number
  /** Bytes that came from the side that dialled, as they passed. */
  readonly seenFromDialler: Buffer
  readonly openLines: number
  /** Lines since the start. */
  readonly lineCount: number
  /** Ends every line cleanly on both sides. */
  cut(): void
  /** Ends every line with a reset. */
  reset(): void
  /** Lines stay open and carry nothing any more, new ones included: neither side is told. */
  blackHole(): void
  /** As `blackHole` for the lines of now, while new ones work. */
  swallow(): void
  /** New connections are accepted and closed at once. */
  refuse(): void
  /** New lines work again. Lines that fell into the black hole stay there until somebody gives them up. */
  resume(): void
  /** Every byte arrives this much later, from now on. */
  delay(delayMs: number): void
}

/** Bytes of the dialling side that are kept for inspection. */
const MAX_SEEN_BYTES = 1024 * 1024

/** Starts a line to a port; the scope closes it. */
export async function startCuttingProxy(
  scope: Scope,
  targetPort: number,
  targetHost = '127.0.0.1',
): Promise<CuttingProxy> {
  const lines = new Set<{ near: Socket; far: Socket; swallowed: boolean }>()
  let mode: 'forward' | 'black-hole' | 'refuse' = 'forward'
  let delayMs = 0
  let lineCount = 0
  const seen: Buffer[] = []
  let seenBytes = 0

  const server = createServer((near) => {
    near.on('error', () => undefined) // breaking is this program's purpose
    if (mode === 'refuse') {
      near.destroy()
      return
    }
    lineCount++
    const far = connect(targetPort, targetHost)
    far.on('error', () => undefined)
    const line = { near, far, swallowed: mode === 'black-hole' }
    lines.add(line)
    const carry = (from: Socket, to: Socket, note?: (chunk: Buffer) => void) => {
      from.on('data', (chunk: Buffer) => {
        if (line.swallowed) return
        note?.(chunk)
        if (delayMs > 0) setTimeout(() => !line.swallowed && to.write(chunk), delayMs)
        else if (!to.write(chunk)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
      })
      from.on('close', () => {
        if (line.swallowed) return
        to.destroy()
        lines.delete(line)
      })
    }
    carry(near, far, (chunk) => {
      if (seenBytes < MAX_SEEN_BYTES) seen.push(chunk)
      seenBytes += chunk.length
    })
    carry(far, near)
  })
  const end = (how: (socket: Socket) => void) => {
    for (const line of lines) {
      how(line.near)
      how(line.far)
    }
    lines.clear()
  }
  const swallow = () => {
    for (const line of lines) line.swallowed = true
  }
  scope.add(() => {
    server.close()
    end((socket) => socket.destroy())
  })
  return {
    port: await listen(server),
    get seenFromDialler() {
      return Buffer.concat(seen)
    },
    get openLines() {
      return lines.size
    },
    get lineCount() {
      return lineCount
    },
    cut: () => end((socket) => socket.destroy()),
    reset: () => end((socket) => socket.resetAndDestroy()),
    blackHole() {
      mode = 'black-hole'
      swallow()
    },
    swallow,
    refuse() {
      mode = 'refuse'
    },
    resume() {
      mode = 'forward'
    },
    delay(newDelayMs) {
      delayMs = newDelayMs
    },
  }
}

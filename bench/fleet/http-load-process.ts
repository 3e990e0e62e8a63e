/** Asks an HTTP server for one thing again and again, over some connections at once, and tells its parent how that went. */
import { connect } from 'node:net'

/** What the parent sends. */
export interface HttpLoad {
  readonly url: string
  readonly token: string
  readonly connections: number
  readonly requests: number
}

/** What it gets back. */
export interface HttpLoadResult {
  readonly wallMs: number
  /** Of each request, in the order of the answers. */
  readonly tookMs: readonly number[]
  readonly bodyBytes: number
}

const HEAD_END = Buffer.from('\r\n\r\n')

/** Raw sockets: a whole HTTP client would cost more than the server that is measured. */
function ask(load: HttpLoad, onAnswer: (tookMs: number, bodyBytes: number) => boolean): Promise<void> {
  const { hostname, port, pathname, search, host } = new URL(load.url)
  const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${load.token}\r\n\r\n`
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    let sentAt = 0
    let kept: Buffer = Buffer.alloc(0)
    const send = () => {
      sentAt = performance.now()
      socket.write(request)
    }
    socket.on('error', reject)
    socket.on('connect', send)
    socket.on('data', (bytes: Buffer) => {
      kept = kept.length === 0 ? bytes : Buffer.concat([kept, bytes])
      const headEnd = kept.indexOf(HEAD_END)
      if (headEnd < 0) return
      const head = kept.toString('latin1', 0, headEnd)
      const bodyBytes = Number(/content-length: (\d+)/i.exec(head)?.[1])
      if (kept.length < headEnd + HEAD_END.length + bodyBytes) return
      if (!head.startsWith('HTTP/1.1 200')) return reject(new Error(head.slice(0, 200)))
      kept = Buffer.alloc(0)
      if (onAnswer(performance.now() - sentAt, bodyBytes)) return send()
      socket.destroy()
      resolve()
    })
  })
}

async function run(load: HttpLoad): Promise<HttpLoadResult> {
  const tookMs: number[] = []
  let left = load.requests
  let size = 0
  const startedAt = performance.now()
  const onAnswer = (took: number, bodyBytes: number) => {
    tookMs.push(took)
    size = bodyBytes
    left -= 1
    return left >= load.connections
  }
  await Promise.all(Array.from({ length: load.connections }, () => ask(load, onAnswer)))
  return { wallMs: performance.now() - startedAt, tookMs, bodyBytes: size }
}

process.on('disconnect', () => process.exit(0))
process.on('message', (load: HttpLoad) => {
  void run(load).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})

import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { errorMessage, type Logger } from '@rport/kit'
import type { AnswerPlain } from '../agents/plain-desk.ts'

/** Tells the main process who is really at the other end. Nobody else can reach its door. */
export const PEER_HEADER = 'x-rport-peer'

export interface PlainPassageOptions {
  /** Path of the door. */
  readonly plainDoor: string
  readonly log: Logger
}

/** Requests on their way at a time; the others wait. */
const MAX_ACTIVE = 256

/** Has the main process answer plain requests: both they and their answers pass as they are. */
export function createPlainPassage({ plainDoor, log }: PlainPassageOptions): AnswerPlain {
  const agent = new Agent({ keepAlive: true, maxTotalSockets: MAX_ACTIVE, maxFreeSockets: 4 })

  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the caller left')))
    const outgoing = httpRequest({
      socketPath: plainDoor,
      agent,
      method: request.method,
      path: request.url,
      headers: headersFor(request),
      signal: gone.signal,
    })
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).on('error', reject)
    })
    // A body goes when somebody wants to read it. Otherwise the other end would be closed on us, and its answer lost.
    if (hasBody(request)) outgoing.once('continue', () => request.pipe(outgoing))
    else outgoing.end()
    const incoming = await answered
    response.sendDate = false
    // Whoever speaks HTTP/1.0 waits for the end of the connection.
    if (request.httpVersion === '1.0') response.shouldKeepAlive = false
    response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, [...answerHeaders(incoming, request)])
    await pipeline(incoming, response)
    // A body that nobody wanted: the connection cannot be used for another request.
    if (!outgoing.writableFinished) outgoing.destroy()
  }

  return (request, response) => {
    pass(request, response).catch((error: unknown) => {
      if (!response.destroyed) log.debug({ reason: errorMessage(error) }, 'a plain request was not answered')
      response.destroy()
    })
  }
}

const peerOf = ({ socket }: IncomingMessage) => [socket.remoteAddress ?? '', socket.remotePort ?? 0]

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** As they came, but for two: what the caller expects before the answer he was given here, and he cannot name himself. */
function headersFor(request: IncomingMessage): string[] {
  const own = new Set([PEER_HEADER, 'expect'])
  const passed = pairsOf(request.rawHeaders).filter(([name]) => !own.has(name.toLowerCase()))
  const expect = hasBody(request) ? ['Expect', '100-continue'] : []
  return [...passed.flat(), ...expect, PEER_HEADER, JSON.stringify(peerOf(request))]
}

function answerHeaders(incoming: IncomingMessage, request: IncomingMessage): string[] {
  if (request.httpVersion !== '1.0') return incoming.rawHeaders
  const ownConnection = new Set(['connection', 'keep-alive', 'transfer-encoding'])
  return pairsOf(incoming.rawHeaders)
    .filter(([name]) => !ownConnection.has(name.toLowerCase()))
    .flat()
}

function pairsOf(flat: readonly string[]): [name: string, value: string][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index] ?? '', flat[2 * index + 1] ?? ''])
}

import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { errorMessage, type Logger } from '@rport/kit'
import type { AnswerPlain } from '../agents/plain-desk.ts'

/** Tells the main process who is really at the other end. Nobody else can reach its door. */
export const PEER_HEADER = 'x-rport-peer'

/** Requests on their way at a time; the others wait. */
const MAX_ACTIVE = 256

/** Has the main process answer plain requests: both they and their answers pass as they are. */
export function createPlainPassage({ plainDoor, log }: { plainDoor: string; log: Logger }): AnswerPlain {
  const agent = new Agent({ keepAlive: true, maxTotalSockets: MAX_ACTIVE, maxFreeSockets: 4 })

  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the caller left')))
    const outgoing = httpRequest({
      socketPath: plainDoor,
      agent,
      method: request.method,
      path: request.url,
      headers: [...withoutPeer(request.rawHeaders), PEER_HEADER, JSON.stringify(peerOf(request))],
      signal: gone.signal,
    })
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).on('error', reject)
    })
    request.pipe(outgoing)
    const incoming = await answered
    response.sendDate = false
    // Whoever speaks HTTP/1.0 waits for the end of the connection.
    if (request.httpVersion === '1.0') response.shouldKeepAlive = false
    response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, [...answerHeaders(incoming, request)])
    await pipeline(incoming, response)
  }

  return (request, response) => {
    pass(request, response).catch((error: unknown) => {
      if (!response.destroyed) log.debug({ reason: errorMessage(error) }, 'a plain request was not answered')
      response.destroy()
    })
  }
}

const peerOf = ({ socket }: IncomingMessage) => [socket.remoteAddress ?? '', socket.remotePort ?? 0]

/** Also without what asks for an answer before the answer: that was given here. */
const withoutPeer = (rawHeaders: readonly string[]): string[] =>
  pairsOf(rawHeaders)
    .filter(([name]) => name.toLowerCase() !== PEER_HEADER && name.toLowerCase() !== 'expect')
    .flat()

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

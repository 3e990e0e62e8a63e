import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errorMessage, type Logger, MS_PER_SECOND } from '@rport/kit'
import { badRequestData, type PlainAnswer, sendPlainAnswer } from './plain-answers.ts'

/** Passes plain requests on the port for agents to another web server: the setting `proxy` of `[server]`. */
export interface PlainProxy {
  /** Answers the request, whatever becomes of it. @param address  true address of the caller */
  answer(request: IncomingMessage, response: ServerResponse, address: string): void
  /** Ends what is on its way. Idempotent. */
  close(): void
}

export interface PlainProxyOptions {
  /** http or https, with host; its path stands before that of each request. */
  readonly target: string
  /** Bound of a body. */
  readonly maxRequestBytes: number
  readonly log: Logger
}

/** A web server that takes longer is given up. */
const ANSWER_TIMEOUT_MS = 30 * MS_PER_SECOND
/** Requests on their way at a time: the port belongs to agents. */
const MAX_ACTIVE = 256
/** They speak of one connection, not of the request: RFC 9110 section 7.6.1. */
const HOP_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** What only we may say, because the web server believes it. */
const OUR_HEADERS = new Set(['forwarded', 'host', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'])

const BAD_GATEWAY: PlainAnswer = { status: 502, phrase: 'Bad Gateway', text: 'The web server behind does not answer.' }
const TOO_BUSY: PlainAnswer = {
  status: 503,
  phrase: 'Service Unavailable',
  text: 'Too many requests. Please try later.',
}
const BAD_REQUEST: PlainAnswer = { status: 400, phrase: 'Bad Request', text: 'Bad Request' }

/** Opens nothing before the first request. */
export function createPlainProxy({ target, maxRequestBytes, log }: PlainProxyOptions): PlainProxy {
  const url = new URL(target)
  const isSecure = url.protocol === 'https:'
  const agent = new (isSecure ? HttpsAgent : HttpAgent)({
    keepAlive: true,
    maxTotalSockets: MAX_ACTIVE,
    maxFreeSockets: 16,
  })
  const base = url.pathname.replace(/\/$/, '')
  let active = 0

  const forward = async (request: IncomingMessage, response: ServerResponse, address: string): Promise<void> => {
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the caller left')))
    const outgoing = (isSecure ? httpsRequest : httpRequest)(url, {
      agent,
      method: request.method,
      path: `${base}${request.url}`,
      headers: { ...passedOn(request.headers), host: url.host, 'x-forwarded-for': address },
      timeout: ANSWER_TIMEOUT_MS,
      signal: gone.signal,
    })
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)))
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject)
    })
    const body = bounded(maxRequestBytes)
    body.once('error', (error) => outgoing.destroy(error))
    // Not a pipeline: that would end the caller's connection before he could be told what was wrong.
    request.pipe(body).pipe(outgoing)
    const incoming = await answered
    response.writeHead(incoming.statusCode ?? 502, passedOn(incoming.headers))
    await pipeline(incoming, response)
  }

  return {
    answer(request, response, address) {
      // An absolute address names another server than ours.
      if (!request.url?.startsWith('/')) return sendPlainAnswer(response, BAD_REQUEST)
      if (active >= MAX_ACTIVE) return sendPlainAnswer(response, TOO_BUSY)
      active += 1
      forward(request, response, address)
        .catch((error: unknown) => {
          if (response.headersSent || response.destroyed) return void response.destroy()
          if (error instanceof TooLarge) {
            return sendPlainAnswer(response, badRequestData(maxRequestBytes, 'http: request body too large'))
          }
          log.warn({ reason: errorMessage(error) }, 'the web server behind [server] proxy does not answer')
          sendPlainAnswer(response, BAD_GATEWAY)
        })
        .finally(() => {
          active -= 1
        })
    },
    close: () => agent.destroy(),
  }
}

class TooLarge extends Error {}

/** Lets so many bytes through and no more. */
function bounded(maxBytes: number): Transform {
  let seenBytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seenBytes += chunk.length
      if (seenBytes > maxBytes) done(new TooLarge(`body of more than ${maxBytes} bytes`))
      else done(null, chunk)
    },
  })
}

/** Headers that are of concern to the other side. */
function passedOn(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = [headers.connection ?? ''].flatMap((text) => text.toLowerCase().split(',')).map((name) => name.trim())
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !HOP_HEADERS.has(name) && !OUR_HEADERS.has(name) && !named.includes(name),
    ),
  )
}

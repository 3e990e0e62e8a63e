import type { IncomingMessage } from 'node:http'
import { type Clock, callerAddress, type IpNetwork } from '@rport/kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { maskedUrl } from './masked-url.ts'

/** Where finished lines go; called once for each request, without line end. Never throws. */
export type AccessLine = (line: string) => void

/** A line for each answered request, in Apache's combined format, times in UTC. */
export interface AccessLog {
  /** Tells who sent a request; without it the line says `-`. */
  sentBy(request: IncomingMessage, username: string): void
  answered(request: FastifyRequest, reply: FastifyReply): void
}

/** What one header or path may take of a line. */
const MAX_PART_CHARACTERS = 2000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * `203.0.113.9 - ada [21/Nov/2026:15:04:05 +0000] "GET /api/v1/clients HTTP/1.1" 200 512 "-" "curl/8.14.1"`
 *
 * Secrets in queries are masked, in that of the referring page too; nothing that a caller sends can end a line or a quote.
 * @see Apache HTTP Server, mod_log_config
 */
export function createAccessLog(deps: {
  readonly write: AccessLine
  readonly trustedProxies: readonly IpNetwork[]
  readonly clock: Clock
}): AccessLog {
  const users = new WeakMap<IncomingMessage, string>()
  return {
    sentBy: (request, username) => void users.set(request, username),
    answered({ raw, method }, reply) {
      const forwarded = [raw.headers['x-forwarded-for']].flat().filter(Boolean).join(',') || undefined
      const address = callerAddress(raw.socket.remoteAddress ?? '', forwarded, deps.trustedProxies)
      const user = users.get(raw)
      const request = quoted(`${method} ${maskedUrl(raw.url ?? '')} HTTP/${raw.httpVersion}`)
      const size = reply.getHeader('content-length') ?? '-'
      const referer = quoted(maskedUrl(raw.headers.referer ?? '-'))
      const agent = quoted(raw.headers['user-agent'] ?? '-')
      const who = `${address || '-'} - ${user === undefined ? '-' : escaped(user).replaceAll(' ', '\\x20')}`
      deps.write(`${who} [${timeText(deps.clock.now())}] ${request} ${reply.statusCode} ${size} ${referer} ${agent}`)
    },
  }
}

const quoted = (text: string): string => `"${escaped(text)}"`

/** As Apache does: whatever is not printable ASCII becomes `\xhh`, of each byte. */
const escaped = (text: string): string =>
  text
    .slice(0, MAX_PART_CHARACTERS)
    .replaceAll(/["\\]/g, (character) => `\\${character}`)
    .replaceAll(/[^\x20-\x7e]+/g, (part) =>
      [...Buffer.from(part)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    )

function timeText(atMs: number): string {
  const at = new Date(atMs)
  const day = `${String(at.getUTCDate()).padStart(2, '0')}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`
  return `${day}:${at.toISOString().slice(11, 19)} +0000`
}

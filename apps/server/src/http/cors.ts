/** Cross-origin access for browsers. */
export interface CorsConfig {
  /** Bare origins, or `*`; none: no CORS headers at all. */
  readonly origins: readonly string[]
  /** Whether preflights are answered; the original does so only while it serves files (`doc_root`). */
  readonly answersPreflight: boolean
}

type Headers = Record<string, string>

const METHODS = ['HEAD', 'GET', 'POST', 'PUT', 'DELETE']
const HEADERS = ['authorization', 'content-type']

/** `Vary` of every answer of the API: caches must not mix what was compressed or opened for one caller. */
export const varyOf = (cors: CorsConfig): string =>
  cors.origins.length > 0 ? 'Origin, Accept-Encoding' : 'Accept-Encoding'

/** Headers that let the page of an allowed origin read an answer. */
export function corsHeaders(cors: CorsConfig, origin: string | undefined): Headers {
  const allowed = allowedOrigin(cors, origin)
  if (allowed === undefined) return {}
  return { 'access-control-allow-origin': allowed, 'access-control-allow-credentials': 'true' }
}

/** What a browser asks before a request that is no simple one. */
export interface Preflight {
  readonly origin: string | undefined
  /** Access-Control-Request-Method */
  readonly method: string
  /** Access-Control-Request-Headers */
  readonly headers: string | undefined
}

/** Headers of the answer to a preflight; without permission only `Vary`. */
export function preflightHeaders(cors: CorsConfig, preflight: Preflight): Headers {
  const vary = { vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers' }
  const names = (preflight.headers ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const allowed = corsHeaders(cors, preflight.origin)
  const refused =
    allowed['access-control-allow-origin'] === undefined ||
    !METHODS.includes(preflight.method) ||
    !names.every((name) => HEADERS.includes(name.toLowerCase()))
  if (refused) return vary
  return {
    ...vary,
    ...allowed,
    'access-control-allow-methods': preflight.method,
    ...(names.length > 0 && { 'access-control-allow-headers': names.join(', ') }),
  }
}

function allowedOrigin(cors: CorsConfig, origin: string | undefined): string | undefined {
  if (origin === undefined || origin === '') return undefined
  if (cors.origins.includes('*')) return '*'
  return cors.origins.some((known) => known.toLowerCase() === origin.toLowerCase()) ? origin : undefined
}

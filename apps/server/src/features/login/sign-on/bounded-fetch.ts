import { providerUnavailable } from './identity-provider.ts'

/** Documents of providers are some kilobytes. */
const MAX_BYTES = 1024 * 1024
/** For one question, from its first to its last byte. */
export const ASK_TIMEOUT_MS = 10_000

/** The parts of a request that are used here. */
export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>> | Headers
  readonly body?: string | URLSearchParams | Uint8Array<ArrayBuffer> | ReadableStream | null
  readonly signal?: AbortSignal
}

/**
 * `fetch` with a deadline and a bound on what is read; follows no redirects: an address that moved is for an administrator.
 * @throws TypeError and DOMException as `fetch` does; ApiError identity_provider_unavailable for an answer that is too long
 */
export async function boundedFetch(url: string, ask: Ask = {}): Promise<Response> {
  const deadline = AbortSignal.timeout(ASK_TIMEOUT_MS)
  const signal = ask.signal ? AbortSignal.any([ask.signal, deadline]) : deadline
  const response = await fetch(url, { ...ask, redirect: 'manual', signal } as RequestInit)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MAX_BYTES) throw providerUnavailable('its answer is too long')
    chunks.push(chunk)
  }
  const { status, headers } = response
  const hasBody = ![101, 204, 205, 304].includes(status)
  return new Response(hasBody ? Buffer.concat(chunks) : null, { status, headers })
}

/**
 * Asks for JSON.
 * @returns status and the object; {} for what is no object
 * @throws  ApiError identity_provider_unavailable
 */
export async function askJson(url: string, ask: Ask = {}) {
  try {
    const response = await boundedFetch(url, { ...ask, headers: { accept: 'application/json', ...ask.headers } })
    const text = await response.text()
    return { status: response.status, body: toObject(text) }
  } catch (error) {
    throw asUnavailable(error)
  }
}

/** What a question without an answer means. */
export function asUnavailable(error: unknown): Error {
  if (error instanceof Error && error.name === 'ApiError') return error
  if (error instanceof Error && error.name === 'TimeoutError') return providerUnavailable('it takes too long', error)
  return providerUnavailable('it cannot be reached', error)
}

function toObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {} // the status says what it was
  }
}

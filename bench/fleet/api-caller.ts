import { Agent, request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import type { Scope } from '../../tests/harness/scope.ts'

/** An answer of the API. */
export interface ApiAnswer {
  readonly status: number
  readonly text: string
  /** From the question to the last byte of the answer. */
  readonly tookMs: number
}

/** Asks one thing after the other over one connection. */
export type ApiCaller = (method: string, path: string) => Promise<ApiAnswer>

/**
 * A caller that takes compressed answers, as browsers do. `fetch` would cost several times as much, on the same cores and in the
 * time that is measured; what is compressed is read after it.
 * @param apiUrl  `http://…/api/v1`
 */
export function createApiCaller({ apiUrl, token }: { apiUrl: string; token: string }, scope: Scope): ApiCaller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  scope.add(() => agent.destroy())
  const headers = { authorization: `Bearer ${token}`, 'accept-encoding': 'gzip' }
  return (method, path) =>
    new Promise((resolve, reject) => {
      const askedAt = performance.now()
      const asked = request(`${apiUrl}${path}`, { method, headers, agent }, (reply) => {
        const parts: Buffer[] = []
        reply.on('data', (part: Buffer) => parts.push(part))
        reply.on('error', reject)
        reply.on('end', () => {
          const tookMs = performance.now() - askedAt
          const body = Buffer.concat(parts)
          // The Go original announces gzip for answers without a body, too.
          const isCompressed = reply.headers['content-encoding'] === 'gzip' && body.length > 0
          resolve({ status: reply.statusCode ?? 0, text: (isCompressed ? gunzipSync(body) : body).toString(), tookMs })
        })
      })
      asked.on('error', reject)
      asked.end()
    })
}

import http from 'node:http'
import https from 'node:https'
import { type Clock, MS_PER_SECOND } from '@rport/kit'

/** Whoever is there answers in milliseconds; a far one in a second or two. */
const PATIENCE_MS = 5 * MS_PER_SECOND

/** What a server says to a plain request. */
export interface Answer {
  readonly status: number
  readonly location: string | undefined
}

/** Asks for a URL once; the body is not read and redirects are not followed. @throws Error when nobody answers in time */
export function ask(url: string, options: { clock: Clock; trustsAnyCertificate?: boolean }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { get } = url.startsWith('https:') ? https : http
    const request = get(
      url,
      { agent: false, rejectUnauthorized: options.trustsAnyCertificate !== true },
      (response) => {
        timer.cancel()
        resolve({ status: response.statusCode ?? 0, location: response.headers.location })
        response.destroy()
      },
    )
    const timer = options.clock.setTimeout(() => request.destroy(new Error('no answer within 5 seconds')), PATIENCE_MS)
    // Stays: the socket may fail once more after the answer.
    request.on('error', (error) => {
      timer.cancel()
      reject(error)
    })
  })
}

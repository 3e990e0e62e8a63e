import http from 'node:http'
import https from 'node:https'
import { MS_PER_SECOND, parseIp } from '@rport/kit'

/** For the whole question: an API that is slow is asked again at the next refresh. */
const TIMEOUT_MS = 2 * MS_PER_SECOND
/** An address in JSON is short; whatever is longer is something else. */
const MAX_BODY_BYTES = 4096

/**
 * Asks the API over IPv4 or IPv6 and so learns the address of that family. User and password in the URL are sent; redirects
 * are not followed.
 * @returns the address, canonical
 * @throws  Error that says why there is none; without the URL, which may hold a password
 */
export function askAddress(url: string, family: 4 | 6, timeoutMs = TIMEOUT_MS): Promise<string> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? https.get : http.get
    const request = get(url, { family, agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      const parts: Buffer[] = []
      let byteCount = 0
      const giveUp = (why: string) => {
        reject(new Error(why))
        request.destroy()
      }
      if (response.statusCode !== 200) return giveUp(`it answers with status ${response.statusCode}`)
      response.on('data', (bytes: Buffer) => {
        byteCount += bytes.length
        if (byteCount > MAX_BODY_BYTES) giveUp(`it answers with more than ${MAX_BODY_BYTES} bytes`)
        else parts.push(bytes)
      })
      response.on('error', reject)
      response.on('end', () => {
        try {
          resolve(readAddress(Buffer.concat(parts).toString('utf8'), family))
        } catch (error) {
          reject(error)
        }
      })
    })
    request.on('error', reject)
  })
}

function readAddress(body: string, family: 4 | 6): string {
  let document: unknown
  try {
    document = JSON.parse(body)
  } catch {
    throw new Error('it answers with something that is no JSON')
  }
  const text = typeof document === 'object' && document !== null && 'ip' in document ? document.ip : undefined
  const address = typeof text === 'string' ? parseIp(text) : undefined
  if (address?.version !== family) throw new Error(`its answer has no IPv${family} address in "ip"`)
  return address.text
}

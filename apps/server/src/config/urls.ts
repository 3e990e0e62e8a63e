import { isHttpUrl, type Objection } from '@rport/config'
import { parseIp } from '@rport/kit'

const FIX = 'write an absolute URL such as "http://rport.example.com:8080"'

/** Checks the published connect URLs; the messages are the original's. */
export function objectToUrls(urls: readonly string[]): Objection | undefined {
  for (const url of urls) {
    const message = urlFault(url)
    if (message !== undefined) return { message: `server.URL: ${message}`, fix: FIX }
  }
  return undefined
}

/** Checks the published pairing URL; the empty text means that there is none. */
export function objectToPairingUrl(url: string): Objection | undefined {
  const message = url === '' ? undefined : urlFault(url)
  if (message === undefined) return undefined
  return {
    message: `server.pairingURL: ${message}`,
    fix: 'write an absolute URL such as "https://pairing.example.com"',
  }
}

/** Whether plain requests can be passed on to it. */
export const isProxyUrl = (url: string): boolean => isHttpUrl(url)

/** Whether a text names a service rather than a program. */
export const isServiceUrl = (text: string): boolean => /^https?:\/\//i.test(text)

/** An origin as a browser sends it: scheme and host, no path, not even `/`. */
export const isCorsOrigin = (origin: string): boolean =>
  origin === '*' || (isHttpUrl(origin) && /^https?:\/\/[^/?#@]+$/i.test(origin))

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const DNS_NAME = new RegExp(`^(?:${LABEL}\\.)*${LABEL}$`, 'i')

/** Whether a host is a name that a certificate can be for: no address, no character that a path could be made of. */
export const isDnsName = (host: string): boolean =>
  host.length <= 253 && parseIp(host) === undefined && DNS_NAME.test(host)

function urlFault(url: string): string | undefined {
  const shown = url.slice(0, 200)
  if (!/^https?:/i.test(url)) return `invalid url ${shown}: schema must be http or https`
  return isHttpUrl(url) ? undefined : `invalid url ${shown}, must be absolute url`
}

import { networkInterfaces } from 'node:os'
import { joinHostPort, parseIp } from '@rport/kit'

/**
 * A URL that a person can paste: "every address" (`0.0.0.0`, `::`) is replaced by one of this machine's own, so that it
 * works from here and from machines beside it.
 */
export function toReachableUrl(urlText: string, interfaces = networkInterfaces()): string {
  const url = new URL(urlText)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isEverything = host === '0.0.0.0' || host === '::'
  if (!isEverything) return urlText
  const own = Object.values(interfaces)
    .flat()
    .find((entry) => entry && !entry.internal && entry.family === 'IPv4' && parseIp(entry.address))
  return `${url.protocol}//${joinHostPort(own?.address ?? '127.0.0.1', url.port || (url.protocol === 'https:' ? 443 : 80))}`
}

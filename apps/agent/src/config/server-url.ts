import type { Objection } from '@rport/config'
import { errorMessage, splitHostPort } from '@rport/kit'
import { parseProxy } from '@rport/transport'

const DEFAULT_PORT = { ws: 80, wss: 443 } as const
const FIX = 'write host:port or a URL, such as "rport.example.com:8080" or "https://rport.example.com"'

/**
 * The WebSocket URL of a server address: `srv:8080` → `ws://srv:8080`, `https://srv` → `wss://srv:443`. A path is kept.
 * @throws Error whose message says what is wrong
 */
export function toServerUrl(address: string): string {
  const text = address.trim()
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^\s]*)$/i.exec(text.includes('://') ? text : `http://${text}`)
  const [, written = '', authority = '', path = ''] = match ?? []
  if (!match) throw new Error(`${JSON.stringify(text.slice(0, 100))} is no address`)
  const scheme = written.toLowerCase().replace(/^http/, 'ws')
  if (scheme !== 'ws' && scheme !== 'wss') throw new Error(`unknown scheme ${JSON.stringify(written.slice(0, 20))}`)
  if (authority.includes('@')) throw new Error('credentials do not belong into it')
  const withPort =
    /:\d+$/.test(authority) && !/^\[[^\]]*$/.test(authority) ? authority : `${authority}:${DEFAULT_PORT[scheme]}`
  const parts = splitHostPort(withPort)
  if (!parts || parts.port === 0)
    throw new Error(`${JSON.stringify(authority.slice(0, 100))} is not of the form host:port`)
  if (parts.host === '') throw new Error('the host is missing')
  if (!URL.canParse(`${scheme}://${withPort}${path}`))
    throw new Error(`${JSON.stringify(text.slice(0, 100))} is no URL`)
  return `${scheme}://${withPort}${path}`
}

/** Checks addresses of servers. */
export function objectToServers(
  addresses: readonly string[],
  name: 'server' | 'fallback server',
): Objection | undefined {
  for (const address of addresses) {
    try {
      toServerUrl(address)
    } catch (error) {
      return { message: `invalid ${name} address: ${errorMessage(error)}`, fix: FIX }
    }
  }
  return undefined
}

/** Checks the URL of a proxy; it may hold a password and is not shown. */
export function objectToProxy(url: string): Objection | undefined {
  try {
    parseProxy(url)
    return undefined
  } catch (error) {
    return { message: errorMessage(error), fix: 'write "http://proxy:3128" or "socks5h://proxy:1080"' }
  }
}

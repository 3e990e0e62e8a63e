import { Secret } from '@rport/kit'

/** A proxy between agent and server. */
export interface DialProxy {
  readonly kind: 'http' | 'socks5'
  readonly host: string
  readonly port: number
  /** Empty: the proxy asks for nobody's name. */
  readonly user: string
  readonly password: Secret
}

/** What follows each scheme; `socks://` and `socks5h://` are two words for one thing: names are resolved by the proxy. */
const KINDS: Readonly<Record<string, { kind: DialProxy['kind']; port: number }>> = {
  'http:': { kind: 'http', port: 80 },
  'socks:': { kind: 'socks5', port: 1080 },
  'socks5h:': { kind: 'socks5', port: 1080 },
}

/**
 * Reads the URL of a proxy; user and password are percent-decoded.
 * @throws Error that says what is wrong and shows neither user nor password
 * @see    wire-protocol 1.5
 */
export function parseProxy(url: string): DialProxy {
  if (!URL.canParse(url)) throw new Error('invalid proxy URL')
  const parsed = new URL(url)
  const scheme = parsed.protocol.slice(0, -1)
  if (scheme === 'https') throw new Error('https proxies not (yet) supported')
  const known = KINDS[parsed.protocol]
  if (!known) {
    throw new Error(`unsupported socks proxy type: ${scheme}:// (only socks5h:// or socks:// is supported)`)
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  if (host === '') throw new Error('invalid proxy URL: the host is missing')
  return {
    kind: known.kind,
    host,
    port: parsed.port === '' ? known.port : Number(parsed.port),
    user: decoded(parsed.username),
    password: new Secret(decoded(parsed.password)),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // The text itself may be a password: it is not part of the message.
    throw new Error('invalid proxy URL: user or password has a % without two hexadecimal digits behind it')
  }
}

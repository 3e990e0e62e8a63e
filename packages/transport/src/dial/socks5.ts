import { parseIp } from '@rport/kit'
import { TransportError } from '../errors.ts'
import type { Opening } from './opening.ts'
import type { DialProxy } from './proxy.ts'

const VERSION = 5
const METHOD = { NONE: 0, PASSWORD: 2 } as const
/** RFC 1929: version of the login, not of the protocol. */
const LOGIN_VERSION = 1
const COMMAND_CONNECT = 1
const ADDRESS = { IPV4: 1, NAME: 3, IPV6: 4 } as const
const MAX_FIELD_BYTES = 255
/** RFC 1928 section 6. */
const REPLIES: Readonly<Record<number, string>> = {
  1: 'general SOCKS server failure',
  2: 'connection not allowed by its rules',
  3: 'network unreachable',
  4: 'host unreachable',
  5: 'connection refused',
  6: 'TTL expired',
  7: 'command not supported',
  8: 'address type not supported',
}

/**
 * Asks a SOCKS5 proxy for a way to `host:port`. Names are resolved by the proxy.
 * @throws TransportError(proxy-refused) when name, user or password is longer than the protocol can say
 * @see    RFC 1928, RFC 1929
 */
export function socks5(target: { host: string; port: number }, proxy: DialProxy): Opening {
  const request = encodeRequest(target)
  const login = proxy.user === '' && proxy.password.isEmpty() ? undefined : encodeLogin(proxy)
  let state: 'method' | 'login' | 'reply' = 'method'
  let pending: Buffer = Buffer.alloc(0)

  const takeMethod = (method: number | undefined) => {
    if (method === METHOD.NONE) {
      state = 'reply'
      return { say: request }
    }
    if (method === METHOD.PASSWORD && login) {
      state = 'login'
      return { say: login }
    }
    throw refused(login ? 'it takes no user and password' : 'it asks for a user and a password')
  }

  const takeReply = () => {
    if (pending[0] !== VERSION) throw refused('it does not speak SOCKS5')
    const code = pending[1] ?? 1
    if (code !== 0) throw refused(REPLIES[code] ?? `code ${code}`)
    const byteCount = replyBytes(pending)
    if (byteCount === undefined || pending.length < byteCount) return {}
    if (pending.length > byteCount) throw refused('it sent more than its answer')
    return { rest: Buffer.alloc(0) }
  }

  return {
    hello: login ? Buffer.from([VERSION, 2, METHOD.NONE, METHOD.PASSWORD]) : Buffer.from([VERSION, 1, METHOD.NONE]),
    peer: 'the proxy',
    feed(bytes) {
      pending = Buffer.concat([pending, bytes])
      if (pending.length < 2) return {}
      if (state === 'reply') return takeReply()
      const [version, answer] = pending
      if (version !== (state === 'method' ? VERSION : LOGIN_VERSION)) throw refused('it does not speak SOCKS5')
      if (pending.length > 2) throw refused('it sent more than its answer')
      pending = Buffer.alloc(0)
      if (state === 'method') return takeMethod(answer)
      if (answer !== 0) throw refused('user or password is wrong')
      state = 'reply'
      return { say: request }
    },
  }
}

/** version, command, reserved, address type, address, port (big-endian). */
function encodeRequest({ host, port }: { host: string; port: number }): Buffer {
  const ip = host.includes('%') ? undefined : parseIp(host)
  const address = ip
    ? Buffer.from([ip.version === 4 ? ADDRESS.IPV4 : ADDRESS.IPV6, ...ip.bytes])
    : Buffer.concat([Buffer.from([ADDRESS.NAME]), field(host, 'name of the server')])
  return Buffer.concat([Buffer.from([VERSION, COMMAND_CONNECT, 0]), address, Buffer.from([port >> 8, port & 0xff])])
}

/** version, user (length first), password (length first). */
const encodeLogin = ({ user, password }: DialProxy): Buffer =>
  Buffer.concat([Buffer.from([LOGIN_VERSION]), field(user, 'user'), field(password.reveal(), 'password')])

function field(text: string, what: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length > MAX_FIELD_BYTES)
    throw refused(`the ${what} has ${bytes.length} bytes, SOCKS5 takes ${MAX_FIELD_BYTES}`)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

/** Length of the whole reply, as soon as it can be known: version, code, reserved, address type, address, port. */
function replyBytes(reply: Buffer): number | undefined {
  const [, , , type, nameBytes] = reply
  if (type === undefined) return undefined
  if (type === ADDRESS.IPV4) return 4 + 4 + 2
  if (type === ADDRESS.IPV6) return 4 + 16 + 2
  if (type !== ADDRESS.NAME) throw refused('it answers with an unknown kind of address')
  return nameBytes === undefined ? undefined : 4 + 1 + nameBytes + 2
}

const refused = (why: string): TransportError =>
  new TransportError('proxy-refused', `the SOCKS proxy opened no way to the server: ${why}`)

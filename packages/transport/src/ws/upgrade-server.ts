import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { LinkSocket } from './ws-link.ts'
import { WsLink } from './ws-link.ts'

/** RFC 6455 section 1.3 */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** The whole header must be this; a list is something else (wire-protocol 1.1). */
export const SUB_PROTOCOL = 'rport-v1'

export const acceptKey = (key: string): string => hash('sha1', key + ACCEPT_GUID, 'base64')

/**
 * What a request on the agents' port is: an agent's upgrade, an agent's upgrade that breaks RFC 6455, or ordinary HTTP.
 * @see wire-protocol 1.1 and 1.3
 */
export function judgeUpgrade(request: IncomingMessage): 'agent' | 'malformed' | 'wrong-method' | 'not-an-agent' {
  const { headers } = request
  if (headers.upgrade?.toLowerCase() !== 'websocket') return 'not-an-agent'
  if (headers['sec-websocket-protocol'] !== SUB_PROTOCOL) return 'not-an-agent'
  if (request.method !== 'GET') return 'wrong-method'
  const asksForUpgrade = (headers.connection ?? '')
    .toLowerCase()
    .split(',')
    .some((token) => token.trim() === 'upgrade')
  const key = headers['sec-websocket-key'] ?? ''
  const isRightKey = /^[A-Za-z0-9+/]{22}==$/.test(key)
  return asksForUpgrade && headers['sec-websocket-version'] === '13' && isRightKey ? 'agent' : 'malformed'
}

/**
 * Answers an agent's upgrade and hands the socket over. The sub-protocol is not echoed: the original does not, and agents
 * take both (wire-protocol 1.1).
 */
export function acceptUpgrade(
  request: IncomingMessage,
  socket: LinkSocket,
  head: Buffer,
  remoteAddress: string,
): WsLink {
  const accept = acceptKey(String(request.headers['sec-websocket-key'] ?? ''))
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  const link = new WsLink(socket, { isClient: false, remoteAddress })
  link.listen(head)
  return link
}

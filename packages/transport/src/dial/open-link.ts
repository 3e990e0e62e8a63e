import type { Socket } from 'node:net'
import { joinHostPort } from '@rport/kit'
import { TransportError } from '../errors.ts'
import { readAnswerHead } from '../ws/answer-head.ts'
import { encodeUpgrade, UpgradeAnswer } from '../ws/upgrade-client.ts'
import { WsLink } from '../ws/ws-link.ts'
import { connectTcp, type TcpTarget } from './connect-tcp.ts'
import { httpConnect } from './http-connect.ts'
import { converse } from './opening.ts'
import type { DialProxy } from './proxy.ts'
import { socks5 } from './socks5.ts'
import { startTls } from './start-tls.ts'

/** The way to a server. */
export interface Way {
  /** `ws:` or `wss:` URL. */
  readonly url: URL
  /** Value of the Host header; default: host and port of the URL. */
  readonly hostHeader?: string
  /** Further headers, `User-Agent` among them. */
  readonly headers: Readonly<Record<string, string>>
  /** Leads to the server; the agent itself needs to know no address of it. */
  readonly proxy?: DialProxy
  /** Network interface that the connection leaves through. */
  readonly bindInterface?: string
  /** Authorities for `wss:` beside those of the system, PEM. */
  readonly ca?: string
  /** Told how far the way was opened. */
  readonly onStep?: (step: WayStep) => void
}

/** What a way consists of, in this order; a proxy and encryption only where there are any. */
export type WayStep = 'connected' | 'through-proxy' | 'encrypted' | 'upgraded'

/** A socket that has come all the way to a server. */
interface OpenWay {
  readonly socket: Socket
  /** Of whoever the socket leads to: the server, or the proxy. */
  readonly remoteAddress: string | undefined
}

/** What a server says to a plain request. */
export interface PlainReply {
  readonly status: number
  /** Its clock, milliseconds since 1970, to the second; undefined when it does not tell. */
  readonly at: number | undefined
}

/** Opens the socket, the proxy's way, TLS and the WebSocket, one after the other. @throws TransportError, or the signal's reason */
export async function openLink(way: Way, signal: AbortSignal): Promise<WsLink> {
  const { text, key } = encodeUpgrade({
    path: pathOf(way),
    host: hostHeaderOf(way),
    headers: way.headers,
  })
  const { socket, remoteAddress } = await openWay(way, signal)
  const answer = new UpgradeAnswer(key)
  const feed = (bytes: Buffer) => {
    const rest = answer.feed(bytes)
    return rest ? { rest } : {}
  }
  const rest = await converse(socket, { hello: Buffer.from(text), peer: 'the server', feed }, signal)
  way.onStep?.('upgraded')
  const link = new WsLink(socket, { isClient: true, remoteAddress: remoteAddress ?? targetOf(way).host })
  link.listen(rest)
  return link
}

/**
 * Asks whoever is at the end of the way an ordinary question, as a browser would; no agent arrives there by it.
 * @throws TransportError, or the signal's reason
 */
export async function askPlainly(way: Way, signal: AbortSignal): Promise<PlainReply> {
  const { socket } = await openWay(way, signal)
  let received: Buffer = Buffer.alloc(0)
  let reply: PlainReply = { status: 0, at: undefined }
  const feed = (bytes: Buffer) => {
    received = Buffer.concat([received, bytes])
    const head = readAnswerHead(received)
    if (typeof head === 'string') throw new TransportError('dial-failed', head)
    if (head === undefined) return {}
    const at = Date.parse(head.headers.get('date') ?? '')
    reply = { status: head.status, at: Number.isNaN(at) ? undefined : at }
    return { rest: head.rest }
  }
  const { text } = encodePlainRequest(way)
  try {
    await converse(socket, { hello: Buffer.from(text), peer: 'the server', feed }, signal)
    return reply
  } finally {
    socket.destroy()
  }
}

function encodePlainRequest(way: Way): { text: string } {
  // The checks of an upgrade hold for it, too: what is no agent's is taken out again.
  const { text } = encodeUpgrade({ path: pathOf(way), host: hostHeaderOf(way), headers: way.headers })
  const lines = text.split('\r\n').filter((line) => !/^(?:sec-websocket-|connection:|upgrade:)/i.test(line))
  return { text: [lines[0], 'Connection: close', ...lines.slice(1)].join('\r\n') }
}

const pathOf = ({ url }: Way): string => `${url.pathname}${url.search}`
const targetOf = ({ url }: Way): TcpTarget => ({
  host: url.hostname.replace(/^\[|\]$/g, ''),
  port: Number(url.port || (url.protocol === 'wss:' ? 443 : 80)),
})

function hostHeaderOf(way: Way): string {
  const { host, port } = targetOf(way)
  return way.hostHeader || joinHostPort(host, port)
}

async function openWay(way: Way, signal: AbortSignal): Promise<OpenWay> {
  const { url, proxy, onStep = () => undefined } = way
  const target = targetOf(way)
  const raw = await connectTcp(proxy ?? target, way.bindInterface, signal)
  onStep('connected')
  if (proxy) {
    await passProxy(raw, target, proxy, signal)
    onStep('through-proxy')
  }
  if (url.protocol !== 'wss:') return { socket: raw, remoteAddress: raw.remoteAddress }
  const socket = await startTls(raw, { host: target.host, ...(way.ca === undefined ? {} : { ca: way.ca }) }, signal)
  onStep('encrypted')
  return { socket, remoteAddress: raw.remoteAddress }
}

async function passProxy(socket: Socket, target: TcpTarget, proxy: DialProxy, signal: AbortSignal): Promise<void> {
  try {
    const opening = proxy.kind === 'http' ? httpConnect(target, proxy) : socks5(target, proxy)
    await converse(socket, opening, signal)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

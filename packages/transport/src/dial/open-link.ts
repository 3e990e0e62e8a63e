import type { Socket } from 'node:net'
import { joinHostPort } from '@rport/kit'
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
}

/** Opens the socket, the proxy's way, TLS and the WebSocket, one after the other. @throws TransportError, or the signal's reason */
export async function openLink(way: Way, signal: AbortSignal): Promise<WsLink> {
  const { url, proxy } = way
  const target: TcpTarget = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (url.protocol === 'wss:' ? 443 : 80)),
  }
  const { text, key } = encodeUpgrade({
    path: `${url.pathname}${url.search}`,
    host: way.hostHeader || joinHostPort(target.host, target.port),
    headers: way.headers,
  })
  const raw = await connectTcp(proxy ?? target, way.bindInterface, signal)
  if (proxy) await passProxy(raw, target, proxy, signal)
  const tlsOptions = { host: target.host, ...(way.ca === undefined ? {} : { ca: way.ca }) }
  const socket = url.protocol === 'wss:' ? await startTls(raw, tlsOptions, signal) : raw
  const answer = new UpgradeAnswer(key)
  const feed = (bytes: Buffer) => {
    const rest = answer.feed(bytes)
    return rest ? { rest } : {}
  }
  const rest = await converse(socket, { hello: Buffer.from(text), peer: 'the server', feed }, signal)
  const link = new WsLink(socket, { isClient: true, remoteAddress: raw.remoteAddress ?? target.host })
  link.listen(rest)
  return link
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

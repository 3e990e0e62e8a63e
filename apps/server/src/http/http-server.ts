import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { Socket } from 'node:net'
import type { TLSSocket, Server as TlsServer } from 'node:tls'
import { plainErrorTable } from '@rport/api'
import { errorCode, MS_PER_SECOND } from '@rport/kit'
import type { Certificates, KeyPair } from '../tls/index.ts'
import { HEADER_SLACK_BYTES, type HttpLimits } from './limits.ts'

/** A whole request, uploads included, must have arrived by then; bodies of JSON have their own, shorter deadline. */
const REQUEST_TIMEOUT_MS = 300 * MS_PER_SECOND
/** How often the runtime looks for connections that are late. */
const CHECK_INTERVAL_MS = MS_PER_SECOND
/** A connection on which nothing moves is given up this long after the slowest handler would have answered. */
const IDLE_GRACE_MS = 30 * MS_PER_SECOND

/** HTTPS: what the listener shows of itself. */
export interface HttpTls {
  readonly minVersion: '1.2' | '1.3'
  readonly certificates: Pick<Certificates, 'current' | 'onChange'>
  /** Called with the server before it listens: for handshakes of somebody else than callers. */
  readonly prepare?: (server: TlsServer) => void
}

export interface HttpServerOptions {
  readonly maxRequestBytes: number
  readonly limits: HttpLimits
  /** Undefined: plain HTTP. */
  readonly tls: HttpTls | undefined
  /** Whether a socket that was just accepted may stay. */
  readonly admits: (socket: Socket) => boolean
}

/** Node's HTTP or HTTPS server with every limit set; it listens to nothing yet. */
export function createHttpServer(listener: RequestListener, options: HttpServerOptions): Server {
  const { maxRequestBytes, limits, tls } = options
  const bounds: ServerOptions = {
    maxHeaderSize: maxRequestBytes + HEADER_SLACK_BYTES,
    headersTimeout: limits.headerTimeoutMs,
    requestTimeout: Math.max(REQUEST_TIMEOUT_MS, limits.headerTimeoutMs),
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, limits.headerTimeoutMs),
  }
  const server = tls ? createEncrypted(listener, bounds, tls, limits) : createServer(bounds, listener)
  server.maxConnections = limits.maxConnections
  server.on('connection', (socket) => {
    if (!options.admits(socket)) socket.destroy()
  })
  server.setTimeout(limits.handlerTimeoutMs + IDLE_GRACE_MS)
  return server
}

function createEncrypted(listener: RequestListener, bounds: ServerOptions, tls: HttpTls, limits: HttpLimits): Server {
  const contextOf = ({ certificate, key }: KeyPair) => ({
    cert: certificate,
    key,
    minVersion: `TLSv${tls.minVersion}` as const,
  })
  const server = createTlsServer(
    { ...bounds, ...contextOf(tls.certificates.current()), handshakeTimeout: limits.headerTimeoutMs },
    listener,
  )
  // Connections that are open go on with the certificate they know.
  tls.certificates.onChange((pair) => server.setSecureContext(contextOf(pair)))
  server.on('tlsClientError', answerPlainRequest)
  tls.prepare?.(server)
  return server
}

/** Tells a caller who speaks HTTP to the HTTPS port what is wrong. All other failed handshakes end without a word. */
function answerPlainRequest(error: Error, failed: TLSSocket & { readonly _parent?: unknown }): void {
  // The runtime has no public name for the socket below a failed handshake; without one the caller hears nothing, as before.
  const { _parent: below } = failed
  if (errorCode(error) !== 'ERR_SSL_HTTP_REQUEST' || !(below instanceof Socket) || !below.writable) return
  below.write(plainAnswer(plainErrorTable.http_on_https_port.text))
  // Not `end`: it would wait for the caller to end, too, and no deadline is left on this socket.
  below.destroySoon()
}

/**
 * Ends a connection whose bytes are no request. Late ones are closed without a word, as the original does.
 * Listener of the server's `clientError`.
 */
export function endBadConnection(error: Error, socket: Socket): void {
  const code = errorCode(error)
  const isUnfit = code === 'ECONNRESET' || code === 'ERR_HTTP_REQUEST_TIMEOUT' || /^ERR_(SSL|TLS)_/.test(code ?? '')
  if (!socket.writable || isUnfit) {
    socket.destroy()
    return
  }
  const { text } = code === 'HPE_HEADER_OVERFLOW' ? plainErrorTable.headers_too_large : plainErrorTable.malformed_path
  socket.end(plainAnswer(text))
}

/** A whole answer, for callers of whom no request is known. */
function plainAnswer(text: string): string {
  const head = `HTTP/1.1 ${text.split(':')[0]}\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nConnection: close`
  return `${head}\r\nContent-Length: ${text.length + 1}\r\n\r\n${text}\n`
}

import net, { type Socket } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { TransportError } from '../errors.ts'
import { ignoreLateErrors } from './opening.ts'

export interface TlsOptions {
  /** The server's name: for SNI and for its certificate. */
  readonly host: string
  /** Further authorities, PEM. Those of the system are trusted in any case. */
  readonly ca?: string
}

/**
 * TLS over a connected socket. The server must prove its name by a certificate that the system's authorities, or those of
 * `ca`, have signed; there is no way to skip that.
 * @throws TransportError: certificate-refused, dial-failed; or the signal's reason
 */
export function startTls(socket: Socket, { host, ca }: TlsOptions, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      signal.removeEventListener('abort', onAbort)
      secured?.removeListener('error', onError)
      secured?.removeListener('close', onClose)
    }
    const fail = (error: unknown) => {
      leave()
      secured?.destroy()
      socket.destroy()
      reject(error)
    }
    const onAbort = () => fail(signal.reason)
    const onError = (error: Error) => fail(toTransportError(error))
    const onClose = () =>
      fail(new TransportError('dial-failed', 'the server closed the connection during the TLS handshake'))
    let secured: TLSSocket | undefined
    if (signal.aborted) return onAbort()
    try {
      secured = tls.connect({
        socket,
        host,
        ...(net.isIP(host) === 0 ? { servername: host } : {}),
        minVersion: 'TLSv1.2',
        ca: authorities(ca),
      })
    } catch (error) {
      return fail(
        new TransportError('certificate-refused', `the own authorities cannot be read: ${(error as Error).message}`),
      )
    }
    signal.addEventListener('abort', onAbort, { once: true })
    secured.on('error', ignoreLateErrors)
    secured.on('error', onError)
    secured.on('close', onClose)
    secured.once('secureConnect', () => {
      leave()
      if (secured) resolve(secured)
    })
  })
}

/** What the machine's administrator trusts; the runtime's own list only on machines that have none. */
function authorities(own: string | undefined): string[] {
  const system = tls.getCACertificates('system')
  return [...(system.length > 0 ? system : tls.getCACertificates('bundled')), ...(own === undefined ? [] : [own])]
}

/** Codes of OpenSSL and of Node for certificates that prove nothing. */
const CERTIFICATE = /CERT|ALTNAME|ISSUER|SIGNATURE|CRL/

function toTransportError(error: Error): TransportError {
  const { code = '' } = error as { code?: string }
  if (!CERTIFICATE.test(code)) return new TransportError('dial-failed', `TLS: ${error.message}`, { cause: error })
  return new TransportError('certificate-refused', `certificate of the server not trusted: ${error.message}`, {
    cause: error,
  })
}

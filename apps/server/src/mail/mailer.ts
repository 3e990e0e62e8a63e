import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { parseIp, type Secret, splitHostPort, toError } from '@rport/kit'
import { createTransport } from 'nodemailer'

/** A mail to one person. */
export interface Mail {
  /** One bare address, already checked. */
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** Sends mail. Keeps no connection between two mails. */
export interface Mailer {
  /** Resolves when the mail server has taken it. @throws Error that says why not */
  send(mail: Mail, signal: AbortSignal): Promise<void>
  /** Connects and logs in, sends nothing. @throws Error that says why that fails */
  probe(signal: AbortSignal): Promise<void>
}

export interface MailerOptions {
  /** `host:port` */
  readonly server: string
  readonly sender: string
  readonly username: string | undefined
  readonly password: Secret | undefined
  /** TLS from the first byte; otherwise it is begun when the server offers it. */
  readonly implicitTls: boolean
  /** PEM; for servers whose certificate nobody knows. */
  readonly trustedCertificates?: string
}

/** Silence that long ends a connection, whatever the caller's deadline. */
const SILENCE_MS = 60_000

export function createMailer(options: MailerOptions): Mailer {
  const { host, port } = splitHostPort(options.server) ?? { host: options.server, port: 25 }
  const { username = '', password, sender, implicitTls, trustedCertificates: ca } = options
  const isHere = host === 'localhost' || parseIp(host)?.text === '::1' || (parseIp(host) && host.startsWith('127.'))
  const hasLogin = username !== ''
  const open = (connection: Socket) =>
    createTransport({
      // Ours, because it must be possible to hang up.
      connection,
      host,
      port,
      secure: implicitTls,
      // A password is never said in the clear to another machine, whatever the server offers.
      requireTLS: hasLogin && !isHere,
      ...(hasLogin && { auth: { user: username, pass: password?.reveal() ?? '' } }),
      tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
      connectionTimeout: SILENCE_MS,
      greetingTimeout: SILENCE_MS,
      socketTimeout: SILENCE_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    })

  const use = async (
    signal: AbortSignal,
    work: (transport: ReturnType<typeof open>) => Promise<unknown>,
  ): Promise<void> => {
    signal.throwIfAborted()
    const socket = connect({ host, port })
    const hangUp = () => socket.destroy(toError(signal.reason))
    signal.addEventListener('abort', hangUp, { once: true })
    try {
      await once(socket, 'connect')
      await work(open(socket))
    } finally {
      signal.removeEventListener('abort', hangUp)
      socket.destroy()
    }
  }

  return {
    send: ({ to, subject, text }, signal) =>
      use(signal, (transport) =>
        transport.sendMail({ from: sender, to: { name: '', address: to }, subject, text, encoding: 'utf-8' }),
      ),
    probe: (signal) => use(signal, (transport) => transport.verify()),
  }
}

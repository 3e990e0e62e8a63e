import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** A mail that has arrived. */
export interface ArrivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** Headers and body as sent. */
  readonly raw: string
  /** Whether it came through TLS. */
  readonly isEncrypted: boolean
  readonly user: string | undefined
}

export interface MailServer {
  /** `host:port` */
  readonly address: string
  readonly mails: readonly ArrivedMail[]
  close(): Promise<void>
}

/** A real SMTP server on a free port of loopback. Its user is `john` with the password `secret`. The caller closes it. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: ArrivedMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    onAuth({ username, password }, _session, callback) {
      if (username === 'john' && password === 'secret') callback(null, { user: username })
      else callback(new Error('Invalid login'))
    },
    onData(stream, { envelope, secure, user }, callback) {
      text(stream).then((raw) => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : ''
        const to = envelope.rcptTo.map(({ address }) => address)
        mails.push({ from, to, raw, isEncrypted: secure, user: typeof user === 'string' ? user : undefined })
        callback()
      }, callback)
    },
    ...options,
  })
  // Clients that do not trust its certificate hang up.
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return { address: `127.0.0.1:${port}`, mails, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

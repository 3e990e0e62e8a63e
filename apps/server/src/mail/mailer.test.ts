import { createServer } from 'node:net'
import { Secret } from '@rport/kit'
import { afterEach, describe, expect, it } from 'vitest'
import { makeCertificate } from '../tls/testing/make-certificate.ts'
import { createMailer, type MailerOptions } from './mailer.ts'
import { type MailServer, startMailServer } from './testing/mail-server.ts'

const never = new AbortController().signal
const mail = { to: 'ada@example.com', subject: '🔐 Code', text: 'Your code: abc123\n.\nend' }
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const start = async (...options: Parameters<typeof startMailServer>): Promise<MailServer> => {
  const server = await startMailServer(...options)
  closing.push(() => server.close())
  return server
}
const mailerOf = (server: { readonly address: string }, more: Partial<MailerOptions> = {}) =>
  createMailer({
    server: server.address,
    sender: 'rport@example.com',
    username: undefined,
    password: undefined,
    implicitTls: false,
    ...more,
  })

describe('a mailer', () => {
  it('hands a mail to the server, whatever letters are in it', async () => {
    const server = await start({ disabledCommands: ['STARTTLS'] })
    await mailerOf(server).send(mail, never)
    const [arrived] = server.mails
    expect(arrived).toMatchObject({ from: 'rport@example.com', to: ['ada@example.com'], isEncrypted: false })
    expect(arrived?.raw).toContain('Your code: abc123')
    expect(arrived?.raw).toContain('Subject: =?UTF-8?')
  })

  it('begins TLS when the server offers it, and logs in', async () => {
    const { certificate, key } = await makeCertificate()
    const server = await start({ cert: certificate, key })
    const options = { username: 'john', password: new Secret('secret'), trustedCertificates: certificate }
    await mailerOf(server, options).send(mail, never)
    expect(server.mails).toMatchObject([{ isEncrypted: true, user: 'john' }])
  })

  it('speaks TLS from the first byte where it is told to', async () => {
    const { certificate, key } = await makeCertificate()
    const server = await start({ secure: true, cert: certificate, key })
    await mailerOf(server, { implicitTls: true, trustedCertificates: certificate }).send(mail, never)
    expect(server.mails).toMatchObject([{ isEncrypted: true }])
  })

  it('sends nothing through TLS to a server whose certificate nobody knows', async () => {
    const { certificate, key } = await makeCertificate()
    const server = await start({ cert: certificate, key })
    await expect(mailerOf(server).send(mail, never)).rejects.toThrow(/certificate/)
    expect(server.mails).toEqual([])
  })

  it('says why a log-in fails, before any mail is sent', async () => {
    const server = await start({ disabledCommands: ['STARTTLS'] })
    const mailer = mailerOf(server, { username: 'john', password: new Secret('wrong') })
    await expect(mailer.probe(never)).rejects.toThrow(/Invalid login/)
    await expect(mailer.send(mail, never)).rejects.toThrow(/Invalid login/)
    expect(server.mails).toEqual([])
  })

  it('finds a server in order without sending anything', async () => {
    const server = await start({ disabledCommands: ['STARTTLS'] })
    await mailerOf(server).probe(never)
    expect(server.mails).toEqual([])
  })

  it('hangs up on a silent server when its caller gives up', async () => {
    const connected = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    const silent = createServer((socket) => {
      connected.resolve()
      socket.on('close', () => left.resolve())
      socket.on('error', () => undefined)
      socket.resume()
    })
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    closing.push(() => silent.close())
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const giveUp = new AbortController()
    const sending = mailerOf({ address: `127.0.0.1:${port}` }).send(mail, giveUp.signal)
    sending.catch(() => undefined)
    await connected.promise
    giveUp.abort(new Error('too late'))
    await left.promise
    await expect(sending).rejects.toThrow()
  })
})

import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Secret } from '@rport/kit'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { createMailer } from '../../../mail/index.ts'
import { startMailServer } from '../../../mail/testing/mail-server.ts'
import { createMailDelivery, createPushoverDelivery, createScriptDelivery, createUrlDelivery } from './index.ts'
import { mailAddressFault } from './mail-address.ts'

const never = new AbortController().signal
const message = {
  sendTo: 'ada@example.com',
  code: 'aB3dE6',
  lifetimeMs: 600_000,
  userAgent: 'Mozilla\r\nBcc: eve@example.com',
  address: '192.0.2.7',
}

let folder: string
const closing: (() => unknown)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rport-codes-'))
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  rmSync(folder, { recursive: true, force: true })
})

/** A service that notes what it is sent and answers as it is told. */
async function startService(answer: { status: number; body: string }) {
  const requests: { path: string; form: Record<string, string> }[] = []
  const server: Server = createServer(async (request, reply) => {
    const form = Object.fromEntries(new URLSearchParams(await text(request)))
    requests.push({ path: request.url ?? '', form })
    reply.writeHead(answer.status, { 'content-type': 'application/json', location: '/elsewhere' }).end(answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, requests }
}

function script(lines: string): string {
  const path = join(folder, 'deliver.sh')
  writeFileSync(path, `#!/bin/sh\n${lines}\n`)
  chmodSync(path, 0o700)
  return path
}
const scriptOptions = (program: string) => ({
  program,
  environment: { PATH: '/usr/bin:/bin', GREETING: 'hello' },
  receivers: 'none' as const,
  pattern: undefined,
})

describe('codes by mail', () => {
  it('reach the user, with nothing in the text that the caller could have put there as a header', async () => {
    const server = await startMailServer({ disabledCommands: ['STARTTLS'] })
    closing.push(() => server.close())
    const mailer = createMailer({
      server: server.address,
      sender: 'rport@example.com',
      username: undefined,
      password: undefined,
      implicitTls: false,
    })
    await createMailDelivery(mailer).send(message, never)
    const [mail] = server.mails
    expect(mail?.to).toEqual(['ada@example.com'])
    expect(mail?.raw).toContain('aB3dE6')
    expect(mail?.raw).toContain('192.0.2.7')
    expect(mail?.raw).not.toMatch(/^Bcc:/m)
  })
})

describe('codes by a service', () => {
  it('are posted as the form of the original', async () => {
    const { url, requests } = await startService({ status: 204, body: '' })
    await createUrlDelivery({ url: `${url}/send`, baseUrl: 'https://rport.example.com' }).send(message, never)
    const form = {
      email: 'ada@example.com',
      token: 'aB3dE6',
      ttl: '600',
      user_agent: message.userAgent,
      remote_address: '192.0.2.7',
      url: 'https://rport.example.com',
    }
    expect(requests).toEqual([{ path: '/send', form }])
  })

  it.each([500, 404, 302])('are not sent when it answers %i, and are not sent elsewhere', async (status) => {
    const { url, requests } = await startService({ status, body: 'no' })
    const delivery = createUrlDelivery({ url, baseUrl: 'https://x' })
    await expect(delivery.send(message, never)).rejects.toThrow(`the service answers ${status}`)
    expect(requests).toHaveLength(1)
  })
})

describe('codes by Pushover', () => {
  const deliveryTo = (serviceUrl: string, userKey?: Secret) =>
    createPushoverDelivery({ apiToken: new Secret('app'), userKey, serviceUrl })

  it('are sent to the key of the user', async () => {
    const { url, requests } = await startService({ status: 200, body: '{"status":1}' })
    await deliveryTo(url).send({ ...message, sendTo: 'ukey' }, never)
    expect(requests).toMatchObject([{ path: '/1/messages.json', form: { token: 'app', user: 'ukey' } }])
    expect(requests[0]?.form['message']).toContain('aB3dE6')
  })

  it('ask Pushover whether it knows a key', async () => {
    const known = await startService({ status: 200, body: '{"status":1}' })
    expect(await deliveryTo(known.url).receiverFault('ukey', never)).toBeUndefined()
    expect(known.requests).toMatchObject([{ path: '/1/users/validate.json', form: { user: 'ukey' } }])
    const unknown = await startService({ status: 400, body: '{"status":0,"errors":["user key is invalid"]}' })
    expect(await deliveryTo(unknown.url).receiverFault('ukey', never)).toContain('user key is invalid')
    expect(await deliveryTo(unknown.url).receiverFault('', never)).toBe('pushover user key cannot be empty')
  })

  it('try the token only with a key to try it on', async () => {
    const { url, requests } = await startService({ status: 400, body: '{"status":0}' })
    await deliveryTo(url).probe(never)
    expect(requests).toEqual([])
    await expect(deliveryTo(url, new Secret('ukey')).probe(never)).rejects.toThrow('pushover answers 400')
  })

  it.each(['', 'null', '[]', '{"status":"1"}', 'x'.repeat(100_000)])('fail politely on %.20s', async (body) => {
    const { url } = await startService({ status: 200, body })
    await expect(deliveryTo(url).send(message, never)).rejects.toThrow('pushover answers 200')
  })
})

describe('codes by a program', () => {
  it('reach it by the environment, and no shell', async () => {
    const program = script(`env > '${join(folder, 'out')}'; echo "$#" >> '${join(folder, 'out')}'`)
    const sendTo = '$(touch hacked); `id`'
    await createScriptDelivery(scriptOptions(program)).send({ ...message, sendTo, userAgent: 'Go' }, never)
    const out = readFileSync(join(folder, 'out'), 'utf8').split('\n')
    expect(out).toEqual(
      expect.arrayContaining([
        'RPORT_2FA_TOKEN=aB3dE6',
        `RPORT_2FA_SENDTO=${sendTo}`,
        'RPORT_2FA_TOKEN_TTL=600',
        'RPORT_2FA_USER_AGENT=Go',
        'RPORT_2FA_REMOTE_ADDRESS=192.0.2.7',
        'GREETING=hello',
        '0',
      ]),
    )
  })

  it('are not sent when it fails; its words are kept, but not all of them', async () => {
    const program = script("echo 'no gateway' >&2; head -c 100000 /dev/zero | tr '\\0' x >&2; exit 3")
    const failure = await createScriptDelivery(scriptOptions(program))
      .send(message, never)
      .catch((error: unknown) => String(error))
    expect(failure).toContain('ended with 3: no gateway')
    expect(String(failure).length).toBeLessThan(1300)
  })

  it('end it, children included, when the time is up', async () => {
    const fifo = join(folder, 'fifo')
    const program = script(`mkfifo '${fifo}'; (exec 9> '${fifo}'; sleep 600) & echo > '${join(folder, 'up')}'; wait`)
    const giveUp = new AbortController()
    const sending = createScriptDelivery(scriptOptions(program)).send(message, giveUp.signal)
    sending.catch(() => undefined)
    await expect.poll(() => readFileSync(join(folder, 'up'), 'utf8')).toBeDefined()
    giveUp.abort(new Error('too late'))
    await expect(sending).rejects.toThrow('too late')
  })

  it('cannot be sent when it is not there', async () => {
    const delivery = createScriptDelivery(scriptOptions(join(folder, 'missing')))
    await expect(delivery.send(message, never)).rejects.toThrow('ENOENT')
  })

  it.each([
    ['none', undefined, 'anything at all', undefined],
    ['email', undefined, 'a@example.com', undefined],
    ['email', undefined, 'nonsense', 'invalid email format'],
    ['regex', '^[0-9]{3}$', '123', undefined],
    ['regex', '[0-9]{3}', 'x123x', undefined],
    ['regex', '^[0-9]{3}$', '1234', 'does not match "^[0-9]{3}$"'],
  ] as const)('check receivers by %s %s: %s', async (receivers, pattern, sendTo, fault) => {
    const delivery = createScriptDelivery({ ...scriptOptions('x'), receivers, pattern })
    expect(await delivery.receiverFault(sendTo, never)).toBe(fault)
  })
})

test('a mail address is one address, and none of its letters has a meaning in a header', () => {
  for (const fine of ['a@b', 'a.b+c@example.com', "o'neill@x-y.example"]) expect(mailAddressFault(fine)).toBeUndefined()
  expect(mailAddressFault('')).toBe('email cannot be empty')
  const faulty = [
    'a',
    '@b',
    'a@',
    'a@b..c',
    'a@-b',
    'a b@c',
    'a@b, c@d',
    '<a@b>',
    'a@b\r\nBcc: c@d',
    `${'x'.repeat(260)}@b`,
  ]
  for (const address of faulty) expect([address, mailAddressFault(address)]).toEqual([address, 'invalid email format'])
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (address) => {
      if (mailAddressFault(address) === undefined) expect(address).toMatch(/^[!-~]+@[!-~]+$/)
    }),
  )
})

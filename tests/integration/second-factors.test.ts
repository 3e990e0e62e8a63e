import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { afterAll, expect, test } from 'vitest'
import { totpCode } from '../compat/replay/replay.mjs'
import { createScope, mergeSettings, type Settings, startUserServer } from '../harness/index.ts'

const scope = createScope()
afterAll(() => scope.close())

/** A server with users of its own, and what is asked of it. */
async function launch(settings: Settings) {
  const server = await startUserServer(scope, { settings: mergeSettings({ api: { user_login_wait: 0 } }, settings) })
  const call = async (method: string, path: string, options: { auth?: string; body?: object } = {}) => {
    const reply = await fetch(`${server.baseUrl}/api/v1${path}`, {
      method,
      headers: options.auth === undefined ? {} : { authorization: options.auth },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    })
    const body = await reply.text()
    return { status: reply.status, json: body.startsWith('{') ? JSON.parse(body) : undefined }
  }
  const logIn = async (username: string, password: string) => {
    const auth = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    const { status, json } = await call('GET', '/login', { auth })
    return { status, json, half: `Bearer ${json?.data?.token}` }
  }
  return { server, call, logIn }
}

test('an app that is set up survives kill -9, and the command line takes it away', { timeout: 120_000 }, async () => {
  const { server, call, logIn } = await launch({ api: { totp_enabled: true } })
  const password = await server.addUser('ada')
  const { half } = await logIn('ada', password)
  const { json: app } = await call('POST', '/me/totp-secret', { auth: half })
  await server.program.kill()
  await server.start()
  const token = totpCode(app.secret)
  const whole = await call('POST', '/verify-2fa', { auth: half, body: { username: 'ada', token } })
  expect(whole.status).toBe(200)
  await server.program.kill()
  await server.start()
  const second = await logIn('ada', password)
  expect(second.json.data.two_fa.totp_key_status).toBe('exists')
  const replay = await call('POST', '/verify-2fa', { auth: second.half, body: { username: 'ada', token } })
  expect(replay.status).toBe(401)
  expect(await readFile(join(server.dataDir, 'rportd.db'), 'latin1')).not.toContain(app.secret)
  expect((await server.user('change', 'ada', '--reset-totp')).output).toBe('user "ada" changed\n')
  expect((await logIn('ada', password)).json.data.two_fa.totp_key_status).toBe('pending')
})

test('a code comes by mail and opens the server', { timeout: 120_000 }, async () => {
  const mails: string[] = []
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, _session, done) =>
      void text(stream).then((mail) => {
        mails.push(mail)
        done()
      }, done),
  })
  smtp.listen(0, '127.0.0.1')
  await once(smtp.server, 'listening')
  scope.add(() => new Promise<void>((resolve) => smtp.close(() => resolve())))
  const { port } = smtp.server.address() as AddressInfo
  const { server, call, logIn } = await launch({
    api: { two_fa_token_delivery: 'smtp' },
    smtp: { server: `127.0.0.1:${port}`, sender_email: 'rport@example.com' },
  })
  const password = await server.addUser('ada')
  expect((await logIn('ada', password)).status).toBe(400)
  await server.user('change', 'ada', '--2fa-sendto', 'ada@example.com')
  const { json, half } = await logIn('ada', password)
  expect(json.data.two_fa).toEqual({ send_to: 'ada@example.com', delivery_method: 'email', totp_key_status: '' })
  const token = /logging in to RPort: (\w{6})/.exec(mails.at(-1) ?? '')?.[1]
  const whole = await call('POST', '/verify-2fa', { auth: half, body: { username: 'ada', token } })
  expect(whole.status).toBe(200)
  expect((await call('GET', '/me', { auth: `Bearer ${whole.json.data.token}` })).status).toBe(200)
  expect((await call('GET', '/me', { auth: half })).status).toBe(401)
})

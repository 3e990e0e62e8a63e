import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { afterAll, expect, test } from 'vitest'
import { totpCode } from '../compat/replay/replay.mjs'
import { createScope, freePorts, type Program, RPORTD, run, startProgram, toToml, until } from '../harness/index.ts'

const scope = createScope()
afterAll(() => scope.close())

/** A server with users of its own, and what is asked of it. */
async function launch(more: Record<string, Record<string, string | number | boolean>>) {
  const folder = await scope.folder('factors')
  const dataDir = join(folder, 'data')
  await mkdir(dataDir, { mode: 0o700 })
  const [agentPort = 0, apiPort = 0] = await freePorts(2)
  const config = join(folder, 'rportd.conf')
  const settings = {
    ...more,
    server: { address: `127.0.0.1:${agentPort}`, data_dir: dataDir, allow_root: true },
    api: { address: `127.0.0.1:${apiPort}`, user_login_wait: 0, ...more['api'] },
  }
  await writeFile(config, toToml(settings), { mode: 0o600 })
  const start = async (): Promise<Program> => {
    const program = startProgram(scope, { name: 'rportd', command: RPORTD, args: ['-c', config], cwd: folder })
    // Its own word: on its port somebody else could answer.
    await until('the server listens', () => {
      if (program.hasExited) throw new Error(program.output)
      return program.output.includes('API listening')
    })
    return program
  }
  const call = async (method: string, path: string, options: { auth?: string; body?: object } = {}) => {
    const reply = await fetch(`http://127.0.0.1:${apiPort}/api/v1${path}`, {
      method,
      headers: options.auth === undefined ? {} : { authorization: options.auth },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    })
    const body = await reply.text()
    return { status: reply.status, json: body.startsWith('{') ? JSON.parse(body) : undefined }
  }
  return {
    dataDir,
    program: await start(),
    start,
    call,
    user: async (...args: string[]) =>
      (
        await run(scope, {
          name: 'user',
          command: RPORTD,
          args: ['user', ...args, '-c', config],
          cwd: folder,
          limitMs: 20_000,
        })
      ).output,
    async logIn(username: string, password: string) {
      const auth = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
      const { status, json } = await call('GET', '/login', { auth })
      return { status, json, half: `Bearer ${json?.data?.token}` }
    },
  }
}
const passwordIn = (output: string): string => {
  const password = /^user "ada" created: (\w{24})\n$/.exec(output)?.[1]
  if (password === undefined) throw new Error(`no user was made: ${output}`)
  return password
}

test('an app that is set up survives kill -9, and the command line takes it away', { timeout: 120_000 }, async () => {
  const server = await launch({ api: { totp_enabled: true } })
  const password = passwordIn(await server.user('add', 'ada'))
  const { half } = await server.logIn('ada', password)
  const { json: app } = await server.call('POST', '/me/totp-secret', { auth: half })
  await server.program.kill()
  const again = await server.start()
  const token = totpCode(app.secret)
  const whole = await server.call('POST', '/verify-2fa', { auth: half, body: { username: 'ada', token } })
  expect(whole.status).toBe(200)
  await again.kill()
  await server.start()
  const second = await server.logIn('ada', password)
  expect(second.json.data.two_fa.totp_key_status).toBe('exists')
  const replay = await server.call('POST', '/verify-2fa', { auth: second.half, body: { username: 'ada', token } })
  expect(replay.status).toBe(401)
  expect(await readFile(join(server.dataDir, 'rportd.db'), 'latin1')).not.toContain(app.secret)
  expect(await server.user('change', 'ada', '--reset-totp')).toBe('user "ada" changed\n')
  expect((await server.logIn('ada', password)).json.data.two_fa.totp_key_status).toBe('pending')
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
  const server = await launch({
    api: { two_fa_token_delivery: 'smtp' },
    smtp: { server: `127.0.0.1:${port}`, sender_email: 'rport@example.com' },
  })
  const password = passwordIn(await server.user('add', 'ada'))
  expect((await server.logIn('ada', password)).status).toBe(400)
  await server.user('change', 'ada', '--2fa-sendto', 'ada@example.com')
  const { json, half } = await server.logIn('ada', password)
  expect(json.data.two_fa).toEqual({ send_to: 'ada@example.com', delivery_method: 'email', totp_key_status: '' })
  const token = /logging in to RPort: (\w{6})/.exec(mails.at(-1) ?? '')?.[1]
  const whole = await server.call('POST', '/verify-2fa', { auth: half, body: { username: 'ada', token } })
  expect(whole.status).toBe(200)
  expect((await server.call('GET', '/me', { auth: `Bearer ${whole.json.data.token}` })).status).toBe(200)
  expect((await server.call('GET', '/me', { auth: half })).status).toBe(401)
})

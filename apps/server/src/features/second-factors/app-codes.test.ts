import { TOTP } from 'otpauth'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { basic, type FactorBench, openFactorBench, PASSWORD } from './testing/factor-bench.ts'

let bench: FactorBench
beforeEach(async () => {
  bench = await openFactorBench({ totp: true })
})
afterEach(() => bench.close())

const STEP_MS = 30_000
/** What the app shows. */
const codeOf = (secret: string, shiftMs = 0) =>
  new TOTP({ secret }).generate({ timestamp: bench.clock.now() + shiftMs })

/** Sets up an app at the first login. */
const enrol = async (username: string) => {
  const half = await bench.half(username)
  const { json } = await bench.call('POST', '/me/totp-secret', { auth: half })
  const { data } = await bench.prove(half, username, codeOf(json.secret))
  return { secret: String(json.secret), auth: `Bearer ${data.token}` }
}
const logIn = async (username: string, secret: string) => {
  await bench.clock.advance(STEP_MS)
  return bench.prove(await bench.half(username), username, codeOf(secret))
}
const keyStatus = async (username: string) =>
  (await bench.call('GET', '/login', { auth: basic(username) })).data.two_fa.totp_key_status

describe('setting up an app', () => {
  it('happens at the first login, and counts when its first code has come', async () => {
    const { data } = await bench.call('GET', '/login', { auth: basic('ada') })
    expect(data.two_fa).toEqual({
      send_to: '',
      delivery_method: 'totp_authenticator_app',
      totp_key_status: 'pending',
    })
    const auth = `Bearer ${data.token}`
    expect(await bench.prove(auth, 'ada', '123456')).toMatchObject({
      status: 409,
      title: 'time based one time secret key should be generated for this user',
    })
    expect(await bench.call('GET', '/me/totp-secret', { auth })).toMatchObject({ status: 401 })
    const { json, status } = await bench.call('POST', '/me/totp-secret', { auth })
    expect({ status, json }).toEqual({
      status: 200,
      json: { secret: expect.stringMatching(/^[A-Z2-7]{32}$/), qr: expect.stringMatching(/^iVBORw0KGgo/) },
    })
    expect(await bench.call('POST', '/me/totp-secret', { auth })).toMatchObject({
      status: 409,
      title: 'cannot create new totP secret when another one already exists',
    })
    expect((await bench.directory.find('ada'))?.totpSecret).toBe('')
    expect(await bench.prove(auth, 'ada', codeOf(json.secret))).toMatchObject({ status: 200, data: { two_fa: null } })
    expect((await bench.directory.find('ada'))?.totpSecret).toMatch(/^otpauth:\/\/totp\/ada:Test\?/)
    expect(await keyStatus('ada')).toBe('exists')
  })

  it('starts anew when it was not finished: nobody is locked out by an app that never was', async () => {
    const first = await bench.half('ada')
    const { json: lost } = await bench.call('POST', '/me/totp-secret', { auth: first })
    expect(await keyStatus('ada')).toBe('pending')
    const { secret } = await enrol('ada')
    expect(secret).not.toBe(lost.secret)
    expect(await bench.prove(first, 'ada', codeOf(lost.secret))).toMatchObject({ status: 401, title: 'invalid code' })
  })

  it('is not open to a login whose user has an app', async () => {
    await enrol('ada')
    const half = await bench.half('ada')
    expect(await bench.call('POST', '/me/totp-secret', { auth: half })).toMatchObject({ status: 401 })
  })

  it('happens in a session, too, with a code of its own', async () => {
    const { auth } = await enrol('ada')
    expect(await bench.call('DELETE', '/me/totp-secret', { auth })).toMatchObject({ status: 204 })
    expect(await bench.call('PUT', '/me/totp-secret', { auth, body: { token: '123456' } })).toMatchObject({
      status: 409,
    })
    const { json } = await bench.call('POST', '/me/totp-secret', { auth })
    expect((await bench.call('GET', '/me/totp-secret', { auth })).json).toMatchObject({ secret: json.secret })
    expect(await bench.call('PUT', '/me/totp-secret', { auth, body: { token: '000000' } })).toMatchObject({
      status: 401,
      title: 'invalid code',
    })
    const token = codeOf(json.secret)
    expect(await bench.call('PUT', '/me/totp-secret', { auth, body: { token } })).toMatchObject({ status: 204 })
    expect(await bench.call('PUT', '/me/totp-secret', { auth, body: { token } })).toMatchObject({ status: 409 })
    expect((await logIn('ada', json.secret)).status).toBe(200)
  })

  it('may be done by an administrator who knows the app, and by no other text', async () => {
    const { auth } = await enrol('ada')
    const create = (username: string, totp_secret: string) =>
      bench.call('POST', '/users', { auth, body: { username, password: PASSWORD, totp_secret } })
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
    expect(await create('new', 'otpauth://hotp/x?secret=AAAA&counter=1')).toMatchObject({ status: 400 })
    expect(await create('new', secret)).toMatchObject({ status: 400, title: 'Invalid totp_secret.' })
    expect(await create('new', `otpauth://totp/x?secret=${secret}`)).toMatchObject({ status: 201 })
    expect((await logIn('new', secret)).status).toBe(200)
  })
})

describe('a login with an app', () => {
  it('takes the codes around the present one, and each of them once', async () => {
    const { secret } = await enrol('ada')
    await bench.clock.advance(10 * STEP_MS)
    const code = codeOf(secret, -STEP_MS)
    expect((await bench.prove(await bench.half('ada'), 'ada', code)).status).toBe(200)
    expect(await bench.prove(await bench.half('ada'), 'ada', code)).toMatchObject({
      status: 401,
      title: 'invalid code',
    })
    const next = codeOf(secret, STEP_MS)
    expect((await bench.prove(await bench.half('ada'), 'ada', next)).status).toBe(200)
    expect(await bench.prove(await bench.half('ada'), 'ada', codeOf(secret))).toMatchObject({ status: 401 })
    const far = codeOf(secret, 3 * STEP_MS)
    expect(await bench.prove(await bench.half('ada'), 'ada', far)).toMatchObject({ status: 401 })
  })

  it('does not take the code of the login that set the app up a second time', async () => {
    const half = await bench.half('ada')
    const { json } = await bench.call('POST', '/me/totp-secret', { auth: half })
    const code = codeOf(json.secret)
    expect((await bench.prove(half, 'ada', code)).status).toBe(200)
    expect(await bench.prove(await bench.half('ada'), 'ada', code)).toMatchObject({ status: 401 })
  })

  it('ends after five wrong codes', async () => {
    const { secret } = await enrol('ada')
    await bench.clock.advance(STEP_MS)
    const half = await bench.half('ada')
    for (let count = 0; count < 5; count += 1) {
      expect(await bench.prove(half, 'ada', '000000')).toMatchObject({ status: 401, title: 'invalid code' })
    }
    expect(await bench.prove(half, 'ada', codeOf(secret))).toMatchObject({ status: 401, title: 'unauthorized' })
  })

  it('ends when the code comes too late', async () => {
    const { secret } = await enrol('ada')
    const half = await bench.half('ada')
    await bench.clock.advance(120_001)
    expect(await bench.prove(half, 'ada', codeOf(secret))).toMatchObject({
      status: 401,
      title: 'login request expired',
    })
  })

  it('is shut, and the log says so, when the stored secret cannot be read', async () => {
    await bench.directory.update('ada', { totpSecret: 'rubbish' })
    expect(await keyStatus('ada')).toBe('exists')
    expect(await bench.prove(await bench.half('ada'), 'ada', '123456')).toMatchObject({ status: 401 })
    expect(bench.log.text()).toContain('stored TOTP secret cannot be read')
    expect(bench.log.text()).not.toContain('rubbish')
  })

  it('works with an app that the original has set up', async () => {
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
    const totpSecret = `otpauth://totp/bob:RPort?algorithm=SHA256&digits=8&issuer=bob&period=30&secret=${secret}`
    await bench.directory.update('bob', { totpSecret })
    const token = new TOTP({ secret, algorithm: 'SHA256', digits: 8 }).generate({ timestamp: bench.clock.now() })
    expect((await bench.prove(await bench.half('bob'), 'bob', token)).status).toBe(200)
  })
})

describe('recovery codes', () => {
  const make = async (auth: string): Promise<string[]> =>
    (await bench.call('POST', '/me/totp-secret/recovery-codes', { auth })).data.codes
  const left = async (auth: string) =>
    (await bench.call('GET', '/me/totp-secret/recovery-codes', { auth })).data.left as number

  it('open in place of the app, each once, however they are written', async () => {
    const { auth } = await enrol('ada')
    const [first = '', second = ''] = await make(auth)
    expect(await left(auth)).toBe(10)
    expect((await bench.prove(await bench.half('ada'), 'ada', first)).status).toBe(200)
    expect(await bench.prove(await bench.half('ada'), 'ada', first)).toMatchObject({ status: 401 })
    const sloppy = second.replaceAll('-', ' ').toUpperCase().replaceAll('0', 'O')
    expect((await bench.prove(await bench.half('ada'), 'ada', sloppy)).status).toBe(200)
    expect(await left(auth)).toBe(8)
  })

  it('are not in the database as they are, and end with newer ones', async () => {
    const { auth } = await enrol('ada')
    const [old = ''] = await make(auth)
    await make(auth)
    const rows = JSON.stringify(await bench.db.read.selectFrom('recovery_codes').selectAll().execute())
    expect(rows).not.toContain(old)
    expect(rows).not.toContain(old.replaceAll('-', ''))
    expect(await bench.prove(await bench.half('ada'), 'ada', old)).toMatchObject({ status: 401 })
  })

  it('end with their app, whoever takes it away', async () => {
    const { auth } = await enrol('ada')
    const [code = ''] = await make(auth)
    await bench.directory.update('ada', { totpSecret: 'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP' })
    expect(await bench.prove(await bench.half('ada'), 'ada', code)).toMatchObject({ status: 401 })
    expect(await left(auth)).toBe(0)
  })

  it('are not for users without an app', async () => {
    const { auth } = await enrol('ada')
    await bench.call('DELETE', '/me/totp-secret', { auth })
    for (const method of ['GET', 'POST'] as const) {
      expect(await bench.call(method, '/me/totp-secret/recovery-codes', { auth })).toMatchObject({ status: 404 })
    }
  })
})

describe('the secret of an app', () => {
  it('is nothing for an API token, to read or to change', async () => {
    const { auth } = await enrol('ada')
    const { data } = await bench.call('POST', '/me/tokens', { auth, body: { name: 't', scope: 'read+write' } })
    const token = basic('ada', data.token)
    for (const [method, path] of [
      ['GET', '/me/totp-secret'],
      ['POST', '/me/totp-secret'],
      ['DELETE', '/me/totp-secret'],
      ['GET', '/me/totp-secret/recovery-codes'],
      ['POST', '/me/totp-secret/recovery-codes'],
    ] as const) {
      expect(await bench.call(method, path, { auth: token })).toMatchObject({
        status: 403,
        title: 'This needs a login session.',
      })
    }
  })

  it('is sealed in the database, also while it is being set up', async () => {
    const half = await bench.half('ada')
    const { json } = await bench.call('POST', '/me/totp-secret', { auth: half })
    const waits = JSON.stringify(await bench.db.read.selectFrom('factor_waits').selectAll().execute())
    await bench.prove(half, 'ada', codeOf(json.secret))
    const users = JSON.stringify(await bench.db.read.selectFrom('users').selectAll().execute())
    for (const text of [waits, users]) {
      expect(text).toContain('sealed:')
      expect(text).not.toContain(json.secret)
    }
  })

  it('is removed by an administrator, and the user sets up another app', async () => {
    const { auth } = await enrol('ada')
    const bob = await enrol('bob')
    expect(await bench.call('DELETE', '/users/ada/totp-secret', { auth: bob.auth })).toMatchObject({ status: 403 })
    expect(await bench.call('DELETE', '/users/nobody/totp-secret', { auth })).toMatchObject({
      status: 404,
      title: 'user not found',
    })
    expect(await bench.call('DELETE', '/users/bob/totp-secret', { auth })).toMatchObject({ status: 204 })
    expect(await keyStatus('bob')).toBe('pending')
    expect(await bench.call('GET', '/me/totp-secret', { auth: bob.auth })).toMatchObject({ status: 404 })
    expect(await bench.call('DELETE', '/me/totp-secret', { auth: bob.auth })).toMatchObject({ status: 204 })
  })

  it('stays with a user who is renamed; recovery codes do not', async () => {
    const { auth } = await enrol('ada')
    const bob = await enrol('bob')
    await bench.call('POST', '/me/totp-secret/recovery-codes', { auth: bob.auth })
    await bench.call('PUT', '/users/bob', { auth, body: { username: 'robert' } })
    expect(await bench.db.read.selectFrom('recovery_codes').selectAll().execute()).toEqual([])
    expect((await logIn('robert', bob.secret)).status).toBe(200)
  })
})

it('knows no apps while they are off', async () => {
  await bench.close()
  bench = await openFactorBench({})
  const auth = basic('ada')
  for (const [method, path] of [
    ['GET', '/me/totp-secret'],
    ['POST', '/me/totp-secret'],
    ['DELETE', '/me/totp-secret'],
    ['DELETE', '/users/bob/totp-secret'],
  ] as const) {
    expect(await bench.call(method, path, { auth })).toMatchObject({ status: 400, title: 'TotP is disabled' })
  }
  const body = { totp_secret: 'otpauth://totp/x?secret=AAAA' }
  expect(await bench.call('PUT', '/users/bob', { auth, body })).toMatchObject({
    status: 400,
    title: 'TotP is disabled',
  })
  expect(await bench.prove('Bearer x', 'ada', '123456')).toMatchObject({ status: 401 })
})

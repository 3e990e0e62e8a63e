import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CodeDelivery } from './deliveries/index.ts'
import { basic, type FactorBench, openFactorBench, PASSWORD } from './testing/factor-bench.ts'

let bench: FactorBench
let sent: { sendTo: string; code: string; address: string; userAgent: string }[]
let send: CodeDelivery['send']

const delivery: CodeDelivery = {
  method: 'script',
  send: (message, signal) => send(message, signal),
  receiverFault: async (sendTo) => (sendTo.includes('@') ? undefined : 'invalid email format'),
  probe: async () => undefined,
}
const lastCode = () => sent.at(-1)?.code ?? ''

beforeEach(async () => {
  sent = []
  send = async (message) => void sent.push(message)
  bench = await openFactorBench({ delivery })
})
afterEach(() => bench.close())

/** A session after both halves. */
const logIn = async (username: string, from?: string) => {
  const half = await bench.half(username, from === undefined ? {} : { from })
  const { data } = await bench.prove(half, username, lastCode(), from)
  return `Bearer ${data.token}`
}

describe('a login with a delivered code', () => {
  it('is whole when the code has come, and not before', async () => {
    const { status, data } = await bench.call('GET', '/login', { auth: basic('ada') })
    expect({ status, twoFa: data.two_fa }).toEqual({
      status: 200,
      twoFa: { send_to: 'ada@example.com', delivery_method: 'script', totp_key_status: '' },
    })
    expect(sent).toMatchObject([{ sendTo: 'ada@example.com', code: expect.stringMatching(/^[A-Za-z0-9]{6}$/) }])
    const half = `Bearer ${data.token}`
    expect(await bench.call('GET', '/me', { auth: half })).toMatchObject({ status: 401, title: 'unauthorized' })
    expect(await bench.call('DELETE', '/logout', { auth: half })).toMatchObject({
      status: 400,
      title: 'token is invalid or expired',
    })
    const whole = await bench.prove(half, 'ada', lastCode())
    expect(whole).toMatchObject({ status: 200, data: { two_fa: null } })
    expect(await bench.call('GET', '/me', { auth: `Bearer ${whole.data.token}` })).toMatchObject({ status: 200 })
  })

  it('takes a code once', async () => {
    const half = await bench.half('ada')
    const code = lastCode()
    expect((await bench.prove(half, 'ada', code)).status).toBe(200)
    expect(await bench.prove(half, 'ada', code)).toMatchObject({ status: 401, title: 'unauthorized' })
    const other = await bench.half('ada')
    expect(await bench.prove(other, 'ada', code)).toMatchObject({ status: 401, title: 'invalid token' })
  })

  it('takes a code once, however many bring it at the same moment', async () => {
    const half = await bench.half('ada')
    const replies = await Promise.all(Array.from({ length: 10 }, () => bench.prove(half, 'ada', lastCode())))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('takes no code of another login, nor of another user', async () => {
    const ada = await bench.half('ada')
    const adasCode = lastCode()
    const bob = await bench.half('bob')
    const bobsCode = lastCode()
    expect(await bench.prove(ada, 'bob', bobsCode)).toMatchObject({
      status: 401,
      title: '2fa token not found for provided username',
    })
    expect(await bench.prove(bob, 'bob', adasCode)).toMatchObject({ status: 401, title: 'invalid token' })
    expect((await bench.prove(ada, 'ada', adasCode)).status).toBe(200)
  })

  it('ends after five wrong codes, also when they come at once', async () => {
    const half = await bench.half('ada')
    const code = lastCode()
    const replies = await Promise.all(Array.from({ length: 20 }, () => bench.prove(half, 'ada', 'xxxxxx')))
    expect(replies.filter(({ title }) => title === 'invalid token')).toHaveLength(5)
    expect(await bench.prove(half, 'ada', code)).toMatchObject({ status: 401, title: 'unauthorized' })
  })

  it('ends when the code is too old', async () => {
    const half = await bench.half('ada')
    await bench.clock.advance(60_001)
    expect(await bench.prove(half, 'ada', lastCode())).toMatchObject({ status: 401, title: '2fa token expired' })
    await bench.clock.advance(60_000)
    expect(await bench.prove(half, 'ada', lastCode())).toMatchObject({ status: 401, title: 'unauthorized' })
  })

  it.each([
    [{ username: '', token: 'x' }, 401, 'username is required'],
    [{ username: 'ada', token: '' }, 401, 'token is required'],
    [{}, 401, 'username is required'],
  ])('refuses %j', async (body, status, title) => {
    const auth = await bench.half('ada')
    expect(await bench.call('POST', '/verify-2fa', { auth, body })).toMatchObject({ status, title })
  })

  it('refuses a lifetime that is too long and changes nothing by it', async () => {
    const auth = await bench.half('ada')
    const body = { username: 'ada', token: lastCode() }
    const path = '/verify-2fa?token-lifetime=9999999'
    expect(await bench.call('POST', path, { auth, body })).toMatchObject({ status: 400 })
    expect(await bench.call('POST', '/verify-2fa', { auth, body })).toMatchObject({ status: 200 })
  })

  it('is refused for a user without an address', async () => {
    expect(await bench.call('GET', '/login', { auth: basic('lost') })).toMatchObject({
      status: 400,
      title: 'no two_fa_send_to set for this user',
    })
    expect(sent).toEqual([])
  })

  it('sends nothing after a wrong password', async () => {
    expect(await bench.call('GET', '/login', { auth: basic('ada', 'wrong') })).toMatchObject({ status: 401 })
    expect(sent).toEqual([])
  })

  it('fails with a clear word when the code cannot be sent, and the log says why', async () => {
    send = () => Promise.reject(new Error('the mail server is on fire'))
    expect(await bench.call('GET', '/login', { auth: basic('ada') })).toMatchObject({
      status: 500,
      title: 'failed to send 2fa verification code',
    })
    expect(bench.log.text()).toContain('on fire')
    expect(bench.log.text()).not.toContain('"code"')
  })

  it('does not wait for a delivery longer than it may take', async () => {
    let signal: AbortSignal | undefined
    const asked = Promise.withResolvers<void>()
    send = (_message, given) => {
      signal = given
      asked.resolve()
      return new Promise(() => undefined)
    }
    const login = bench.call('GET', '/login', { auth: basic('ada') })
    await asked.promise
    await bench.clock.advance(5000)
    expect(await login).toMatchObject({ status: 500 })
    expect(signal?.aborted).toBe(true)
  })

  it('sends at most five codes to one address in ten minutes', async () => {
    for (let count = 0; count < 5; count += 1) await bench.half('ada')
    expect(await bench.call('GET', '/login', { auth: basic('ada') })).toMatchObject({ status: 429 })
    expect(sent).toHaveLength(5)
    await bench.half('ada', { from: '192.0.2.9' })
    await bench.clock.advance(600_001)
    await bench.half('ada')
  })
})

describe('whoever knows the password', () => {
  it('gets nowhere with it alone, not by basic either; an API token still opens', async () => {
    expect(await bench.call('GET', '/me', { auth: basic('ada') })).toMatchObject({ status: 401, title: 'unauthorized' })
    const session = await logIn('ada')
    const { data } = await bench.call('POST', '/me/tokens', { auth: session, body: { name: 't', scope: 'read' } })
    expect(await bench.call('GET', '/me', { auth: basic('ada', data.token) })).toMatchObject({ status: 200 })
    expect(await bench.call('GET', '/login', { auth: basic('ada', data.token) })).toMatchObject({ status: 401 })
  })

  it('does not replace it without the second factor', async () => {
    const session = await logIn('ada')
    const half = await bench.half('ada', { newPassword: 'another long password' })
    expect(await bench.call('GET', '/me', { auth: session })).toMatchObject({ status: 200 })
    await bench.half('ada')
    expect((await bench.prove(half, 'ada', sent.at(-2)?.code ?? '')).status).toBe(200)
    expect(await bench.call('GET', '/me', { auth: session })).toMatchObject({ status: 401 })
    await expect(bench.half('ada')).rejects.toThrow('401')
    await bench.half('ada', { password: 'another long password' })
  })

  it('may replace an expired one, and is in when the code has come', async () => {
    await bench.directory.update('bob', { passwordExpired: true })
    expect(await bench.call('GET', '/login', { auth: basic('bob') })).toMatchObject({ status: 401 })
    const half = await bench.half('bob', { newPassword: 'another long password' })
    expect((await bench.prove(half, 'bob', lastCode())).status).toBe(200)
    expect(await bench.directory.find('bob')).toMatchObject({ passwordExpired: false })
  })

  it('is out of the login when an administrator ends it', async () => {
    const half = await bench.half('bob')
    await bench.sessions.endAllOf('bob')
    expect(await bench.prove(half, 'bob', lastCode())).toMatchObject({ status: 401, title: 'unauthorized' })
  })

  it('pushes no working session out, and none is shown that is not whole', async () => {
    const session = await logIn('ada', '192.0.2.1')
    for (let count = 0; count < 25; count += 1) {
      await bench.half('ada', { from: `198.51.100.${count}` })
      await bench.clock.advance(10_000)
    }
    expect(await bench.call('GET', '/me', { auth: session })).toMatchObject({ status: 200 })
    const rows = await bench.db.read.selectFrom('sessions').select('is_pending').execute()
    expect(rows.filter((row) => row.is_pending === 1).length).toBeLessThanOrEqual(20)
    expect((await bench.call('GET', '/users/ada/sessions', { auth: session })).data).toHaveLength(1)
  })
})

describe('guessing codes', () => {
  const guess = async (username: string, from: string, times: number) => {
    const titles: string[] = []
    for (let count = 0; count < times; ) {
      const half = await bench.half(username, { from })
      for (let attempt = 0; attempt < 5 && count < times; attempt += 1, count += 1) {
        titles.push((await bench.prove(half, username, 'xxxxxx', from)).title)
      }
      await bench.clock.advance(200_000)
    }
    return titles
  }

  it('is over after twenty wrong ones a day, whatever the address; where the user has been before, it is not', async () => {
    const session = await logIn('ada', '192.0.2.1')
    await guess('ada', '198.51.100.1', 10)
    await guess('ada', '203.0.113.1', 10)
    const half = await bench.half('ada', { from: '198.51.100.9' })
    expect(await bench.prove(half, 'ada', lastCode(), '198.51.100.9')).toMatchObject({ status: 429 })
    expect(await bench.call('GET', '/me', { auth: session, from: '198.51.100.9' })).toMatchObject({ status: 200 })
    await logIn('ada', '192.0.2.1')
    expect((await bench.prove(await bench.half('bob'), 'bob', lastCode())).status).toBe(200)
  })

  it('bans the address: a right password on the way clears no count', async () => {
    await bench.close()
    bench = await openFactorBench({ delivery, maxFailed: 8 })
    await guess('ada', '198.51.100.1', 8)
    expect(await bench.call('GET', '/login', { auth: basic('ada'), from: '198.51.100.1' })).toMatchObject({
      status: 423,
    })
    expect(await bench.call('GET', '/login', { auth: basic('ada'), from: '192.0.2.1' })).toMatchObject({ status: 200 })
  })

  it('pauses the name at this address after a wrong one', async () => {
    await bench.close()
    bench = await openFactorBench({ delivery, waitMs: 2000 })
    const half = await bench.half('ada')
    expect(await bench.prove(half, 'ada', 'xxxxxx')).toMatchObject({ status: 401 })
    expect(await bench.prove(half, 'ada', lastCode())).toMatchObject({ status: 429 })
    await bench.clock.advance(2001)
    expect((await bench.prove(half, 'ada', lastCode())).status).toBe(200)
  })
})

describe('addresses for codes', () => {
  it('are required of new users, and checked', async () => {
    const auth = await logIn('ada')
    const create = (more: object) =>
      bench.call('POST', '/users', { auth, body: { username: 'new', password: PASSWORD, ...more } })
    expect(await create({})).toMatchObject({ status: 400, title: 'two_fa_send_to is required' })
    expect(await create({ two_fa_send_to: 'nonsense' })).toMatchObject({
      status: 400,
      title: 'invalid two_fa_send_to: invalid email format',
    })
    expect(await create({ two_fa_send_to: 'n@example.com' })).toMatchObject({ status: 201 })
    const change = await bench.call('PUT', '/users/new', { auth, body: { two_fa_send_to: 'nonsense' } })
    expect(change).toMatchObject({ status: 400, title: 'invalid two_fa_send_to: invalid email format' })
  })

  it('are changed by their owner, but not to nothing or nonsense', async () => {
    const auth = await logIn('bob')
    const change = (two_fa_send_to: string) => bench.call('PUT', '/me', { auth, body: { two_fa_send_to } })
    expect(await change('nonsense')).toMatchObject({ status: 400 })
    expect(await change('')).toMatchObject({ status: 400, title: 'nothing to change' })
    expect(await change('new@example.com')).toMatchObject({ status: 204 })
    await bench.half('bob')
    expect(sent.at(-1)).toMatchObject({ sendTo: 'new@example.com' })
  })
})

it('leaves nothing of a code in the database', async () => {
  await bench.half('ada')
  await setImmediate()
  const rows = await bench.db.read.selectFrom('factor_waits').selectAll().execute()
  expect(rows).toHaveLength(1)
  expect(JSON.stringify(rows)).not.toContain(lastCode())
})

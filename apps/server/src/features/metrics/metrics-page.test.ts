import { parseIpNetwork, Secret } from '@rport/kit'
import { expect, test } from 'vitest'
import { basic, createTestApp } from '../../http/testing/test-app.ts'
import { type MetricsAccess, metricsPage } from './index.ts'

function open(access: Partial<MetricsAccess> = {}) {
  const page = metricsPage({ token: undefined, allowedAddresses: [], ...access }, { text: async () => 'rport_up 1\n' })
  const { app, banned, failures } = createTestApp([], { pages: [page] })
  const ask = (headers: Record<string, string> = {}) => app.inject({ method: 'GET', url: '/metrics', headers })
  return { ask, banned, failures, app }
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

test('without a login nobody reads the figures', async () => {
  const reply = await open().ask()
  expect(reply.statusCode).toBe(401)
  expect(reply.body).not.toContain('rport_up')
})

test('an administrator reads them, another user does not', async () => {
  const { ask } = open()
  const reply = await ask(basic('admin'))
  expect([reply.statusCode, reply.body]).toEqual([200, 'rport_up 1\n'])
  expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect((await ask(basic('limited'))).statusCode).toBe(403)
  expect((await ask(basic('admin', 'wrong'))).statusCode).toBe(401)
})

test('the token of the settings reads them; another one counts as a guess', async () => {
  const { ask, failures } = open({ token: new Secret('scrape-me') })
  expect((await ask(bearer('scrape-me'))).statusCode).toBe(200)
  expect((await ask(bearer('scrape-mE'))).statusCode).toBe(401)
  expect((await ask(bearer('scrape-me-too'))).statusCode).toBe(401)
  expect(failures).toHaveLength(2)
})

test('an empty bearer reads nothing where no token is set', async () => {
  expect((await open().ask({ authorization: 'Bearer ' })).statusCode).toBe(401)
})

test('an allowed address reads them without login, judged by its true address', async () => {
  const allowedAddresses = ['10.0.7.0/24'].flatMap((text) => parseIpNetwork(text) ?? [])
  const { ask } = open({ allowedAddresses })
  expect((await ask({ 'x-forwarded-for': '10.0.7.9' })).statusCode).toBe(200)
  expect((await ask({ 'x-forwarded-for': '10.0.8.9' })).statusCode).toBe(401)
  expect((await ask({ 'x-forwarded-for': '10.0.7.9, 203.0.113.1' })).statusCode).toBe(401)
})

test('a banned address reads nothing, whatever token it has', async () => {
  const { ask, banned } = open({ token: new Secret('scrape-me') })
  banned.add('127.0.0.1')
  expect((await ask(bearer('scrape-me'))).statusCode).toBe(423)
})

test('HEAD is answered without a body, other methods are not known', async () => {
  const { app } = open()
  const head = await app.inject({ method: 'HEAD', url: '/metrics', headers: basic('admin') })
  expect([head.statusCode, head.body]).toEqual([200, ''])
  expect((await app.inject({ method: 'POST', url: '/metrics', headers: basic('admin') })).statusCode).toBe(404)
})

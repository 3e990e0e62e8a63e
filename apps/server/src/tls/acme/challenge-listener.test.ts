import { silentLogger } from '@rport/kit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ChallengeListener, createChallengeListener } from './challenge-listener.ts'
import { createPendingProofs } from './pending-proofs.ts'

const proofs = createPendingProofs('http-01')
let listener: ChallengeListener
let port = 0
beforeEach(async () => {
  listener = create()
  ;({ port } = await listener.start(0))
})
afterEach(() => listener.close())

const create = () => createChallengeListener({ proofs, redirectTo: 'https://rport.example.com', log: silentLogger })
const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual' })

test('a pending proof is answered, until it is hidden', async () => {
  const proof = { kind: 'http-01', token: 'abc_-1', text: 'abc_-1.thumb' } as const
  proofs.show(proof)
  const reply = await get('/.well-known/acme-challenge/abc_-1')
  expect([reply.status, await reply.text()]).toEqual([200, 'abc_-1.thumb'])
  proofs.hide(proof)
  expect((await get('/.well-known/acme-challenge/abc_-1')).status).toBe(404)
})

test.each(['', 'unknown', '../secret', '%2e%2e/x', 'constructor', '__proto__'])(
  'there is no proof %j',
  async (token) => {
    const { status } = await get(`/.well-known/acme-challenge/${token}`)
    expect([301, 404]).toContain(status)
  },
)

test('everybody else is sent to the configured host, whatever they call this one', async () => {
  const reply = await fetch(`http://127.0.0.1:${port}/login?next=1`, {
    redirect: 'manual',
    headers: { 'x-forwarded-host': 'evil.example.com' },
  })
  expect([reply.status, reply.headers.get('location')]).toEqual([301, 'https://rport.example.com/login?next=1'])
})

test('a port that is taken stops the start with the fix', async () => {
  const second = create()
  await expect(second.start(port)).rejects.toThrow(/acme_http_port/)
  await second.close()
})

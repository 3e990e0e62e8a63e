import type { CloseReason, Connection } from '@rport/transport'
import { expect, test } from 'vitest'
import { createLinkCounts } from './link-counts.ts'

function connection(received: number, sent: number) {
  const closed = Promise.withResolvers<CloseReason>()
  const facts = { bytesReceived: received, bytesSent: sent, closed: closed.promise }
  const end = async () => {
    closed.resolve({ code: 'peer', text: '' })
    await closed.promise
  }
  return { facts, end, link: facts as unknown as Connection }
}

test('bytes of connections count while they live and stay counted when they have ended', async () => {
  const counts = createLinkCounts()
  const first = connection(10, 1)
  const second = connection(20, 2)
  counts.opened(first.link)
  counts.opened(second.link)
  expect(counts.read()).toMatchObject({ logins: 2, receivedBytes: 30, sentBytes: 3 })
  first.facts.bytesReceived = 15
  await first.end()
  second.facts.bytesSent = 5
  expect(counts.read()).toMatchObject({ receivedBytes: 35, sentBytes: 6 })
})

test('every reason to turn somebody away is counted apart, and shown before it occurs', () => {
  const counts = createLinkCounts()
  counts.refused('banned')
  expect(counts.read().refused).toEqual({ banned: 1, busy: 0, credentials: 0, handshake: 0, limit: 0, 'no-agent': 0 })
})

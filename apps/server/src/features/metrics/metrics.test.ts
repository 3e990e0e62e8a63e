import { createFakeClock } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { renderFamilies } from './exposition.ts'
import { createMetrics, createRequestTimes, type MetricsDeps } from './index.ts'
import { createLoopWatch } from './loop-watch.ts'

function open(facts: Partial<MetricsDeps> = {}) {
  const clock = createFakeClock()
  const requests = createRequestTimes()
  const metrics = createMetrics({
    clients: () => ({ connected: 3, disconnected: 4 }),
    tunnels: () => ({ open: 2, visitors: 5 }),
    links: async () => ({ logins: 9, refused: { banned: 1 }, receivedBytes: 10, sentBytes: 20, waitingHandshakes: 1 }),
    lockouts: { api: () => ({ failedLogins: 6, bans: 1 }), agents: () => ({ failedLogins: 7, bans: 2 }) },
    database: () => ({ waitingWrites: 8 }),
    requests,
    maxDescriptors: 1024,
    clock,
    ...facts,
  })
  return { metrics, requests, clock }
}

test('a scrape tells what each part has counted', async () => {
  const lines = (await open().metrics.text()).split('\n')
  for (const line of [
    'rport_clients{state="connected"} 3',
    'rport_clients{state="disconnected"} 4',
    'rport_tunnels_open 2',
    'rport_tunnel_visitors 5',
    'rport_agent_logins_total 9',
    'rport_agent_refused_total{reason="banned"} 1',
    'rport_agent_handshakes_pending 1',
    'rport_agent_link_bytes_total{direction="received"} 10',
    'rport_agent_link_bytes_total{direction="sent"} 20',
    'rport_logins_failed_total{listener="api"} 6',
    'rport_logins_failed_total{listener="agents"} 7',
    'rport_bans_total{listener="agents"} 2',
    'rport_database_writes_waiting 8',
    'process_max_fds 1024',
  ])
    expect(lines).toContain(line)
})

test('connectors are told where there are any, also when none of them listens', async () => {
  const links = { logins: 0, refused: {}, receivedBytes: 0, sentBytes: 0, waitingHandshakes: 0 }
  expect(await open().metrics.text()).not.toContain('rport_connectors')
  const { metrics } = open({ links: async () => ({ ...links, listeningConnectors: 0 }) })
  expect((await metrics.text()).split('\n')).toContain('rport_connectors_listening 0')
})

test('every line is one that Prometheus reads, and no family comes twice', async () => {
  const { metrics, requests } = open()
  requests.answered('GET', 200, 12)
  const lines = (await metrics.text()).trimEnd().split('\n')
  for (const line of lines)
    expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? [-+.eE\d]+)$/)
  const types = lines.filter((line) => line.startsWith('# TYPE'))
  expect(new Set(types).size).toBe(types.length)
})

test('requests are counted by method and status, methods that callers invent as one', () => {
  const requests = createRequestTimes()
  requests.answered('GET', 200, 4)
  requests.answered('GET', 200, 400)
  for (let number = 0; number < 100; number += 1) requests.answered(`M${number}`, 404, 100_000)
  const text = renderFamilies(requests.families())
  expect(text).toContain('rport_api_requests_total{method="GET",status="200"} 2\n')
  expect(text).toContain('rport_api_requests_total{method="other",status="404"} 100\n')
  expect(text).toContain('rport_api_request_duration_seconds_bucket{le="0.005"} 1\n')
  expect(text).toContain('rport_api_request_duration_seconds_bucket{le="0.5"} 2\n')
  expect(text).toContain('rport_api_request_duration_seconds_bucket{le="90"} 2\n')
  expect(text).toContain('rport_api_request_duration_seconds_bucket{le="+Inf"} 102\n')
  expect(text).toContain('rport_api_request_duration_seconds_count 102\n')
  expect(text.split('\n').length).toBeLessThan(30)
})

test('label values cannot break out of their quotes', () => {
  const family = {
    name: 'a',
    type: 'gauge',
    help: 'x\ny',
    samples: [{ labels: { b: 'c"} 1\nd\\' }, value: 1 }],
  } as const
  expect(renderFamilies([family])).toBe('# HELP a x\\ny\n# TYPE a gauge\na{b="c\\"} 1\\nd\\\\"} 1\n')
})

test('the loop watch tells how late the latest timer was, and the worst since the last reading', async () => {
  const clock = createFakeClock()
  let heldUpMs = 0
  const slow = { ...clock, monotonic: () => clock.monotonic() + heldUpMs }
  const watch = createLoopWatch(slow)
  watch.start()
  heldUpMs = 700
  await clock.advance(500)
  await clock.advance(500)
  expect(watch.read()).toEqual({ lastSeconds: 0, maxSeconds: 0.7 })
  expect(watch.read()).toEqual({ lastSeconds: 0, maxSeconds: 0 })
  watch.stop()
  expect(clock.pending).toBe(0)
})

import { data, endpoint } from '@rport/api'
import { createFakeClock } from '@rport/kit/testing'
import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { basic, createTestApp, oneRoute } from './testing/test-app.ts'

const things = endpoint({
  method: 'GET',
  path: '/things',
  summary: 'Show',
  auth: 'user',
  query: z.object({}).loose(),
  reply: data(z.unknown()),
  errors: [],
})

const lines: string[] = []
const { app } = createTestApp([oneRoute(things, () => 'fine')], {
  accessLine: (line) => lines.push(line),
  clock: createFakeClock(Date.UTC(2026, 10, 1, 5, 4, 9)),
})
afterAll(() => app.close())

/** The line of a request. */
async function lineOf(request: InjectOptions): Promise<string> {
  lines.length = 0
  await app.inject(request)
  expect(lines).toHaveLength(1)
  return lines[0] ?? ''
}

test('a request is written in the combined format, with the user who sent it', async () => {
  const headers = { ...basic('admin'), referer: 'https://ui.example.com/', 'user-agent': 'curl/8' }
  expect(await lineOf({ url: '/api/v1/things', headers })).toBe(
    '127.0.0.1 - admin [01/Nov/2026:05:04:09 +0000] "GET /api/v1/things HTTP/1.1" 200 15 "https://ui.example.com/" "curl/8"',
  )
})

test('what was refused or is unknown is written, too', async () => {
  expect(await lineOf({ url: '/api/v1/things', headers: basic('admin', 'wrong') })).toMatch(/ - - .* 401 \d+ /)
  expect(await lineOf({ method: 'POST', url: '/nowhere' })).toContain('"POST /nowhere HTTP/1.1" 404 ')
  expect(await lineOf({ url: '/api/v1/%zz' })).toContain('"GET /api/v1/%zz HTTP/1.1" 400 ')
})

test('the caller behind a trusted proxy is the caller', async () => {
  const headers = { ...basic('admin'), 'x-forwarded-for': '203.0.113.9' }
  expect(await lineOf({ url: '/api/v1/things', headers })).toMatch(/^203\.0\.113\.9 - admin /)
})

test('secrets are masked, wherever they stand', async () => {
  const headers = { ...basic('admin'), referer: 'https://ui.example.com/?access_token=s-3cret' }
  const line = await lineOf({ url: '/api/v1/things?token=s-3cret&Password=s-3cret&x=1', headers })
  expect(line).not.toContain('s-3cret')
  expect(line).toContain('x=1')
  expect(line).not.toContain(headers.authorization.slice(6))
})

test('nothing that a caller sends makes a line, ends a quote or leaves ASCII', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 50 }), async (noise) => {
      const agent = Buffer.from(noise).toString('latin1')
      const headers = { ...basic('admin'), 'user-agent': agent, referer: agent }
      const line = await lineOf({ url: '/api/v1/things', headers })
      expect(line).toMatch(/^127\.0\.0\.1 - admin \[[^\]]+\] "GET [^"]+" 200 15 "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"$/)
      expect(line).toMatch(/^[\x20-\x7e]*$/)
    }),
    { numRuns: 30 },
  )
})

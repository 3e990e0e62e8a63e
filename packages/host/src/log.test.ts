import { type LogLevel, Secret } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLog, type LogFormat } from './log.ts'

// Noon local time, whatever zone the machine is in.
const noonMs = new Date(2026, 10, 21, 12, 5, 9).getTime()

function open(format: LogFormat, level: LogLevel = 'debug') {
  const lines: string[] = []
  const output = { write: (line: string) => void lines.push(line), reopen: () => undefined, close: () => undefined }
  const log = createLog({ format, level, program: 'rportd', clock: createFakeClock(noonMs), output })
  return { log, logger: log.logger, lines }
}

describe('a text line', () => {
  test('has local time, level, program, area, message and facts', () => {
    const { logger, lines } = open('text')
    logger.child({ area: 'tunnels', clientId: 'web-1' }).info({ listenPort: 20_013 }, 'tunnel opened')
    expect(lines).toEqual(['2026/11/21 12:05:09 info: rportd: tunnels: tunnel opened clientId=web-1 listenPort=20013'])
  })

  test('quotes what could be taken for something else', () => {
    const { logger, lines } = open('text')
    logger.warn({ name: 'a b', empty: '', trick: 'x" level=error', list: ['p q', 1] }, 'odd')
    expect(lines[0]).toContain(`name="a b" empty="" trick="x\\" level=error" list=["p q",1]`)
  })

  test('writes the frames of an error below it, each behind a tab, and only the first time', () => {
    const { logger, lines } = open('text')
    const error = new Error('outer\n2026/11/21 12:05:09 info: rportd: forged', { cause: new Error('inner') })
    logger.error({ error }, 'failed')
    logger.error({ error }, 'failed again')
    const [head, ...frames] = lines[0]?.split('\n') ?? []
    expect(head).toContain(`failed error="outer\\n2026/11/21 12:05:09 info: rportd: forged: inner"`)
    expect(frames.length).toBeGreaterThan(1)
    expect(frames.every((frame) => frame.startsWith('\tat '))).toBe(true)
    expect(lines[1]).not.toContain('\n')
  })

  test('shows no stack below level error', () => {
    const { logger, lines } = open('text')
    logger.warn({ error: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) }, 'dial failed')
    expect(lines[0]).toMatch(/dial failed error="refused \(ECONNREFUSED\)"$/)
  })
})

describe('a JSON line', () => {
  test('is one object with the time in UTC and each name once', () => {
    const { logger, lines } = open('json')
    logger.info({ level: 'error', message: 'forged', clientId: 'c' }, 'client connected')
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: new Date(noonMs).toISOString(),
      program: 'rportd',
      level_: 'error',
      message_: 'forged',
      clientId: 'c',
      message: 'client connected',
    })
    expect(lines[0]?.match(/"level":/g)).toHaveLength(1)
  })

  test('holds an error with type, code, stack and cause', () => {
    const { logger, lines } = open('json')
    logger.error({ error: Object.assign(new TypeError('bad'), { code: 'E_BAD', cause: new Error('why') }) }, 'failed')
    expect(JSON.parse(lines[0] ?? '').error).toMatchObject({
      type: 'TypeError',
      message: 'bad',
      code: 'E_BAD',
      stack: expect.stringContaining('log.test.ts'),
      cause: { message: 'why' },
    })
  })
})

describe.each(['text', 'json'] as const)('in %s form', (format) => {
  test('no value makes a second line, moves a cursor or changes its direction', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a\nb', '\r', '\u001b[2J', '\u009b31m', '\u202e', '\u2028', '\u2066', '\u0000', '\u007f'),
    )
    fc.assert(
      fc.property(hostile, hostile, fc.jsonValue(), (key, text, json) => {
        const { logger, lines } = open(format)
        logger.info({ [key]: text, nested: { [text]: [text, json] } }, 'fixed')
        expect(lines).toHaveLength(1)
        expect(lines[0]).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
        if (format === 'json') expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'fixed', level: 'info' })
      }),
    )
  })

  test('no secret is written, whether it is known by its name, its type or its place in a URL', () => {
    const { logger, lines } = open(format)
    logger.child({ auth_pass: 'hunter2' }).error(
      {
        password: 'hunter2',
        smtp: { authPassword: 'hunter2', Authorization: 'Bearer hunter2', list: [{ 'X-Token': 'hunter2' }] },
        key_seed: 'hunter2',
        jwt_secret: 'hunter2',
        typed: new Secret('hunter2'),
        proxy: 'http://me:hunter2@proxy:3128/',
        url: '/api/v1/ws?access_token=hunter2&x=1',
        error: new Error('cannot reach http://me:hunter2@proxy'),
        headers: new Map([['cookie', 'hunter2']]),
        otp: 123_456,
      },
      'configured',
    )
    expect(lines.join()).not.toContain('hunter2')
    expect(lines.join()).not.toContain('123456')
    expect(lines.join()).toContain('********')
    expect(lines.join()).toContain('x=1')
  })

  test('whether a secret is set can be seen', () => {
    const { logger, lines } = open(format)
    logger.info({ password: '', token: undefined, hasToken: true }, 'configured')
    expect(lines[0]).toMatch(format === 'text' ? /password="" hasToken=true$/ : /"password":"","hasToken":true/)
  })

  test('a line is bounded, however much it is given', () => {
    const { logger, lines } = open(format)
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, 'x'.repeat(5000)]))
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    logger.info({ wide, list: new Array(100_000).fill('y'), loop, bytes: Buffer.alloc(1e6) }, 'flood')
    expect(lines[0]?.length).toBeLessThan(40_000)
  })

  test('values that cannot be read do not cost the line', () => {
    const { logger, lines } = open(format)
    const mine = {
      get trap(): string {
        throw new Error('boom')
      },
    }
    logger.info({ mine, big: 10n, nan: Number.NaN, when: new Date(Number.NaN), call: () => 1 }, 'odd')
    expect(lines[0]).toContain('<unreadable>')
  })
})

test('lines below the level are not written', () => {
  const { logger, lines } = open('text', 'warn')
  logger.info({}, 'hidden')
  logger.debug({}, 'hidden')
  logger.warn({}, 'seen')
  expect(lines).toHaveLength(1)
})

test('a closed log writes nothing and can be closed again', () => {
  const { log, logger, lines } = open('text')
  log.close()
  log.close()
  logger.error({}, 'late')
  expect(lines).toEqual([])
})

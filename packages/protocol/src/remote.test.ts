import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatRemote, parseCommandLineRemote, parseRemote, RemoteError, type RemoteSpec } from './remote.ts'

/** `listen → target/protocol`, the way a person would say it. */
const told = (spec: RemoteSpec) =>
  `${spec.listenPort === undefined ? `${spec.listenHost}random` : `${spec.listenHost}:${spec.listenPort}`} → ${spec.targetHost}:${spec.targetPort}/${spec.protocol}`

const failure = (text: string): RemoteError => {
  try {
    parseRemote(text)
  } catch (error) {
    if (error instanceof RemoteError) return error
  }
  throw new Error(`${text} was accepted`)
}

describe('a remote', () => {
  test.each([
    ['3000', 'random → 127.0.0.1:3000/tcp'],
    ['foobar.com:3000', 'random → foobar.com:3000/tcp'],
    ['2222:22', '0.0.0.0:2222 → 127.0.0.1:22/tcp'],
    [':22', 'random → 127.0.0.1:22/tcp'],
    ['3000:google.com:80', '0.0.0.0:3000 → google.com:80/tcp'],
    ['0.0.0.0:2222:host:22', '0.0.0.0:2222 → host:22/tcp'],
    ['0.0.0.0:2222:22', '0.0.0.0:2222 → 0.0.0.0:22/tcp'],
    ['host:22:80', '0.0.0.0:22 → host:80/tcp'],
    ['h1:h2:22', 'h1random → h2:22/tcp'],
    ['53/udp', 'random → 127.0.0.1:53/udp'],
    ['22/tcp', 'random → 127.0.0.1:22/tcp'],
    ['2222:host:53/tcp+udp', '0.0.0.0:2222 → host:53/tcp+udp'],
    ['1:2:3', '0.0.0.0:1 → 127.0.0.1:3/tcp'],
    ['h::22', 'random → h:22/tcp'],
    ['my_host-1.local:22', 'random → my_host-1.local:22/tcp'],
  ])('%j is %s, as the original reads it', (text, expected) => {
    expect(told(parseRemote(text))).toBe(expected)
  })

  test.each([
    ['[::1]:22', 'random → ::1:22/tcp'],
    ['2222:[2001:db8::1]:80', '0.0.0.0:2222 → 2001:db8::1:80/tcp'],
    ['[::]:2222:[::1]:22', ':::2222 → ::1:22/tcp'],
    ['[::]:2222:host:22/udp', ':::2222 → host:22/udp'],
    ['[fe80::1%eth0]:22', 'random → fe80::1%eth0:22/tcp'],
    ['[::ffff:10.0.0.1]:22', 'random → 10.0.0.1:22/tcp'],
  ])('%j is %s: IPv6 addresses stand in brackets', (text, expected) => {
    expect(told(parseRemote(text))).toBe(expected)
  })

  test.each(['2222:', '22/sctp', '', 'abc', '2222:host', ':', ' 22', '-1', '1e3', '0x10'])(
    '%j has no ports',
    (text) => {
      expect(failure(text)).toMatchObject({ code: 'missing-ports', message: 'Missing ports' })
    },
  )

  test.each(['a:b:c:d:5', '1:2:3:4:5', '[::1:22', '::1]:22', '[::1]x:22', 'x[::1]:22', `${'a'.repeat(700)}:22`])(
    '%j is no remote',
    (text) => {
      expect(failure(text)).toMatchObject({ code: 'invalid-remote', message: 'Invalid remote' })
    },
  )

  test.each([
    'a b:22',
    'user@host:22',
    'host/udp:22',
    '22/sctp:80',
    'ho\nst:22',
    '[1.2.3.4]:22',
    '[]:22',
    '[::g]:22',
    '-x:22',
    `${'a'.repeat(254)}:22`,
  ])('%j names no host', (text) => {
    expect(failure(text)).toMatchObject({ code: 'invalid-host', message: 'Invalid host' })
  })

  test.each(['host:99999999', '0', '65536', '0:22', '70000:22', `${'9'.repeat(400)}`])(
    '%j has a port that does not exist',
    (text) => {
      expect(failure(text).message).toMatch(/^Invalid port \d+…? in ".*": use a number from 1 to 65535$/)
    },
  )

  test('is read from what was written', () => {
    const port = fc.integer({ min: 1, max: 65_535 })
    const host = fc.oneof(
      fc.domain().filter((name) => name.length <= 253),
      fc.ipV4(),
      fc.constantFrom('::1', '2001:db8::7', 'fe80::1%eth0'),
    )
    const spec: fc.Arbitrary<RemoteSpec> = fc.record({
      protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'tcp+udp' as const),
      listenHost: host,
      listenPort: fc.option(port, { nil: undefined }),
      targetHost: host,
      targetPort: port,
    })
    fc.assert(fc.property(spec, (value) => void expect(parseRemote(formatRemote(value))).toEqual(value)))
  })

  test('of any garbage is refused with a RemoteError or has two usable ends', () => {
    const garbage = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({ unit: fc.constantFrom(...'[]:/.%0129ah tcpud+'), maxLength: 40 }),
    )
    fc.assert(
      fc.property(garbage, (text) => {
        try {
          const remote = parseRemote(text)
          expect(remote.targetPort).toBeGreaterThan(0)
          expect(parseRemote(formatRemote(remote))).toEqual(remote)
        } catch (error) {
          expect(error).toBeInstanceOf(RemoteError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a remote of the command line', () => {
  test.each([
    ['2222:', '0.0.0.0:2222 → 127.0.0.1:22/tcp', 'remote "2222:" names no target port; "2222:22" is taken'],
    ['2222:host:', '0.0.0.0:2222 → host:22/tcp', 'remote "2222:host:" names no target port; "2222:host:22" is taken'],
    ['2222:/udp', '0.0.0.0:2222 → 127.0.0.1:22/udp', 'remote "2222:/udp" names no target port; "2222:22/udp" is taken'],
  ])('%j leads to port 22 and says so', (text, expected, notice) => {
    const parsed = parseCommandLineRemote(text)
    expect(told(parsed.remote)).toBe(expected)
    expect(parsed.notice).toBe(notice)
  })

  test('with a target says nothing', () => {
    expect(parseCommandLineRemote('2222:0.0.0.0:22')).toEqual({
      remote: parseRemote('2222:0.0.0.0:22'),
      notice: undefined,
    })
  })

  test('without anything is still refused', () => {
    expect(() => parseCommandLineRemote('')).toThrow('Missing ports')
  })
})

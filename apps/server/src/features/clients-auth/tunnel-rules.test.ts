import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileTunnelRules } from './tunnel-rules.ts'

const ends = (listenPort: number | undefined, target: string) => {
  const colon = target.lastIndexOf(':')
  return { listenPort, targetHost: target.slice(0, colon), targetPort: Number(target.slice(colon + 1)) }
}

describe('expressions of a credential', () => {
  test.each([
    [['^0.0.0.0:3000$'], 9000, '0.0.0.0:3000', true],
    [['^0.0.0.0:3000$'], 3000, '10.0.0.1:80', false],
    [['^3000$'], 3000, '10.0.0.1:80', true],
    [['^3000$'], 30_000, '10.0.0.1:80', false],
    [['^3000$'], undefined, '10.0.0.1:80', false],
    [[':22$'], undefined, 'db.lan:22', true],
    [[':22$'], undefined, 'db.lan:2222', false],
    [['nothing', '^10\\.'], 5, '10.1.1.1:80', true],
    [[''], 5, 'any:1', true],
    [['*'], undefined, 'any:1', true],
    [[], 5, 'any:1', false],
    [['(?i)^DB\\.LAN:'], 5, 'db.lan:1', true],
    [['^2001:db8::1:22$'], 5, '2001:db8::1:22', false],
    [['^\\[2001:db8::1\\]:22$'], 5, '2001:db8::1:22', true],
  ])('%j, port %s to %s: %s', (expressions, listenPort, target, expected) => {
    expect(compileTunnelRules(expressions).allows(ends(listenPort, target))).toBe(expected)
  })

  test.each([
    [['('], 'the expression "(" is not understood'],
    [['(?=a)'], 'is not understood'],
    [['a\\1'], 'is not understood'],
    [[5], 'must be texts'],
    [['x'.repeat(1001)], 'longer than 1000 characters'],
    [Array(1001).fill('a'), '1000 are allowed'],
  ])('%.30j are refused', (expressions, reason) => {
    expect(() => compileTunnelRules(expressions)).toThrow(reason)
  })

  test('take no longer on a text that makes other engines count for years', () => {
    const rules = compileTunnelRules(['^(a+)+$', '(x*)*y', '^(.*a){20}$'])
    const startedAt = performance.now()
    expect(rules.allows(ends(1, `${'a'.repeat(5000)}!:1`))).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })

  test('are compiled or refused, whatever stands in them', () =>
    fc.assert(
      fc.property(fc.string(), fc.string(), (expression, host) => {
        try {
          const allowed = compileTunnelRules([expression]).allows({ listenPort: 1, targetHost: host, targetPort: 1 })
          expect(typeof allowed).toBe('boolean')
        } catch (error) {
          expect(String(error)).toMatch(/is not understood/)
        }
      }),
    ))
})

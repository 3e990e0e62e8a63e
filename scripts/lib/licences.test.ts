import { describe, expect, test } from 'vitest'
import { readAdvisories } from './advisories.ts'
import { isAllowed, licenceFaults, shippedPackages } from './licences.ts'

describe('isAllowed', () => {
  test.each([
    'MIT',
    '(MIT OR GPL-3.0-only)',
    'GPL-2.0-only OR Apache-2.0',
    'MIT AND ISC',
    'MIT AND (GPL-3.0-only OR BSD-3-Clause)',
    'Apache-2.0 WITH LLVM-exception',
  ])('allows %s', (expression) => expect(isAllowed(expression)).toBe(true))

  test.each([
    '',
    'GPL-3.0-only',
    'MIT AND AGPL-3.0-only',
    '(MIT OR ISC) AND SSPL-1.0',
    'SEE LICENSE IN licence.txt',
    'UNLICENSED',
    'MIT OR',
    '(MIT',
    'MIT GPL-3.0-only',
    'mit and',
  ])('refuses %j', (expression) => expect(isAllowed(expression)).toBe(false))
})

test('only what runs in production is looked at, nested copies included', () => {
  const lockfile = {
    packages: {
      '': {},
      'packages/kit': { license: 'MIT' },
      'node_modules/@rport/kit': { link: true },
      'node_modules/vitest': { version: '5.1.0', license: 'MIT', dev: true },
      'node_modules/pino': { version: '10.4.0', license: 'MIT' },
      'node_modules/a/node_modules/@scope/b': { version: '1.0.0' },
    },
  }
  expect(shippedPackages(lockfile)).toEqual([
    { name: 'pino', version: '10.4.0', license: 'MIT' },
    { name: '@scope/b', version: '1.0.0', license: '' },
  ])
})

test('a package that may not be shipped is named with its licence, unless there is a reason', () => {
  const packages = [
    { name: 'fine', version: '1.0.0', license: 'ISC' },
    { name: 'viral', version: '2.0.0', license: 'GPL-3.0-only' },
    { name: 'silent', version: '3.0.0', license: '' },
  ]
  expect(licenceFaults(packages, { silent: 'MIT, said in its readme' })).toEqual(['viral 2.0.0: GPL-3.0-only'])
  expect(licenceFaults(packages, {})).toContain('silent 3.0.0: no licence given')
})

describe('readAdvisories', () => {
  test('tells serious advisories from others', () => {
    const vulnerabilities = {
      bad: { name: 'bad', range: '<2', severity: 'critical', via: [{ title: 'Reads everything' }] },
      user: { name: 'user', range: '*', severity: 'high', via: ['bad'] },
      meh: { name: 'meh', range: '<1.1', severity: 'moderate', via: [{ title: 'Slow pattern' }] },
    }
    expect(readAdvisories(JSON.stringify({ vulnerabilities }))).toEqual({
      serious: ['bad <2: critical: Reads everything', 'user *: high: through bad'],
      others: ['meh <1.1: moderate: Slow pattern'],
    })
  })

  test.each([
    ['{"message":"405 Method Not Allowed - POST https://example.org/x","statusCode":405}', '405 Method Not Allowed'],
    ['', 'npm audit gave no answer'],
    ['null', 'npm audit gave no answer'],
  ])('a registry without advisories is no advisory', (text, unavailable) => {
    expect(readAdvisories(text)).toEqual({ unavailable, serious: [], others: [] })
  })
})

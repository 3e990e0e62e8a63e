import { readFileSync } from 'node:fs'
import { createLog } from '@rport/host'
import { createFakeClock } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { createLockout } from '../features/login/index.ts'

/** The expressions of the manual's filter, as fail2ban reads them. */
const expressions = (): RegExp[] => {
  const page = readFileSync(new URL('../../../../docs/manual/security.md', import.meta.url), 'utf8')
  const definition = /failregex = ([\s\S]*?)\ndatepattern/.exec(page)?.[1] ?? ''
  return definition.split('\n').map((line) => new RegExp(line.trim().replace('<HOST>', '(?<host>[0-9a-fA-F.:]+)')))
}

const openLog = () => {
  const lines: string[] = []
  const output = { write: (line: string) => void lines.push(line), reopen: () => undefined, close: () => undefined }
  const clock = createFakeClock()
  const { logger } = createLog({ level: 'info', format: 'text', program: 'rportd', clock, output })
  return { lines, logger, clock }
}

const found = (line: string) => expressions().flatMap((expression) => expression.exec(line)?.groups?.['host'] ?? [])

test('the filter of the manual finds the address of a failed login of a user', () => {
  const { lines, logger, clock } = openLog()
  const lockout = createLockout({ waitMs: 0, maxFailed: 0, banMs: 0, clock, log: logger.child({ area: 'api' }) })
  lockout.loginFailed('ada', '203.0.113.9')
  expect(lines.flatMap(found)).toEqual(['203.0.113.9'])
})

test('the filter finds the true address of an agent, whatever its id pretends', () => {
  const { lines, logger } = openLog()
  const clientAuthId =
    'x address=198.51.100.1\n2026/01/01 00:00:00 warn: rportd: agent login failed address=198.51.100.2 clientAuthId=y'
  logger.warn({ address: '2001:db8::7', clientAuthId }, 'agent login failed')
  expect(lines).toHaveLength(1)
  expect(lines.flatMap(found)).toEqual(['2001:db8::7'])
})

test('other lines ban nobody', () => {
  const { lines, logger } = openLog()
  logger.info({ clientId: 'agent login failed address=198.51.100.1 clientAuthId=x' }, 'client connected')
  expect(lines.flatMap(found)).toEqual([])
})

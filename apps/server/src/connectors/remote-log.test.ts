import { Secret } from '@rport/kit'
import { expect, test } from 'vitest'
import type { ConnectorTells } from './messages.ts'
import { createRemoteLog } from './remote-log.ts'

function open(level: 'error' | 'info' | 'debug') {
  const lines: ConnectorTells['log'][] = []
  return { lines, log: createRemoteLog((line) => void lines.push(line), level) }
}

test('lines above the level of the log are told, with the fields of all parents', () => {
  const { lines, log } = open('info')
  const child = log.child({ connector: 1 }).child({ area: 'agents' })
  child.debug({ n: 1 }, 'too detailed')
  child.warn({ n: 2 }, 'told')
  expect(lines).toEqual([{ level: 'warn', fields: { connector: 1, area: 'agents', n: 2 }, message: 'told' }])
})

test('what leaves the process is plain, bounded, and holds no secret', () => {
  const { lines, log } = open('debug')
  const error = Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' })
  log.error({ password: 'sesame', seed: new Secret('sesame'), error, socket: () => 'sesame' }, 'failed')
  const line = structuredClone(lines[0])
  expect(line?.fields['error']).toMatchObject({ message: 'no route', code: 'EHOSTUNREACH', stack: expect.any(String) })
  expect(JSON.stringify(line)).not.toContain('sesame')
})

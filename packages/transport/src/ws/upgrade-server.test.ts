import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { acceptKey, judgeUpgrade } from './upgrade-server.ts'

const RIGHT = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-protocol': 'rport-v1',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}
const judge = (headers: Record<string, string | undefined>, method = 'GET') =>
  judgeUpgrade({ method, headers: { ...RIGHT, ...headers } } as unknown as IncomingMessage)

// wire-protocol 1.1 and 1.3
test.each([
  ['as agents send it', {}, 'agent'],
  ['in other letters', { upgrade: 'WebSocket', connection: 'keep-alive, UPGRADE' }, 'agent'],
  ['without an upgrade', { upgrade: undefined }, 'not-an-agent'],
  ['to another protocol', { upgrade: 'h2c' }, 'not-an-agent'],
  ['without a sub-protocol', { 'sec-websocket-protocol': undefined }, 'not-an-agent'],
  ['with a list of sub-protocols', { 'sec-websocket-protocol': 'rport-v1, foo' }, 'not-an-agent'],
  ['with a sub-protocol of the future', { 'sec-websocket-protocol': 'rport-v2' }, 'not-an-agent'],
  ['with a sub-protocol in capitals', { 'sec-websocket-protocol': 'RPORT-V1' }, 'not-an-agent'],
  ['without Connection', { connection: undefined }, 'malformed'],
  ['that keeps the connection', { connection: 'keep-alive' }, 'malformed'],
  ['of an old version', { 'sec-websocket-version': '8' }, 'malformed'],
  ['without a key', { 'sec-websocket-key': undefined }, 'malformed'],
  ['with a key that is too short', { 'sec-websocket-key': 'c2hvcnQ=' }, 'malformed'],
  ['with a key that is no base64', { 'sec-websocket-key': '!!!!!!!!!!!!!!!!!!!!!!==' }, 'malformed'],
  [
    'with two keys',
    { 'sec-websocket-key': `${RIGHT['sec-websocket-key']}, ${RIGHT['sec-websocket-key']}` },
    'malformed',
  ],
])('an upgrade %s is judged %#', (_what, headers, verdict) => {
  expect(judge(headers)).toBe(verdict)
})

test('an upgrade by another method than GET is told apart', () => {
  expect(judge({}, 'POST')).toBe('wrong-method')
})

test('the answer proves that the key was read', () => {
  // RFC 6455 section 1.3
  expect(acceptKey('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

import { ClientGroupParams } from '@rport/api'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { connectionRequest } from '../../testing/connection-request.ts'
import { type Client, toClient } from '../clients/index.ts'
import { compileGroup } from './group-matcher.ts'

const client = (facts: Partial<Client> = {}): Client => ({
  ...toClient(connectionRequest({}), { id: 'agent-1', clientAuthId: 'cred', address: '192.0.2.1' }, undefined),
  ...facts,
})
const matches = (params: object, facts?: Partial<Client>) =>
  compileGroup(ClientGroupParams.parse(params))(client(facts))

describe('a client belongs to a group', () => {
  test.each<[object, Partial<Client>, boolean]>([
    [{}, {}, false],
    [{ client_id: null }, {}, false],
    [{ client_id: ['agent-*'] }, {}, true],
    [{ client_id: ['AGENT-1'] }, {}, true],
    [{ client_id: ['other', 'agent-1'] }, {}, true],
    [{ client_id: ['123*31'] }, { id: '1231' }, false],
    [{ client_id: ['123*31'] }, { id: '12331' }, true],
    [{ client_id: ['a.*'] }, { id: 'agent' }, false],
    [{ client_id: ['agent-*'], name: ['x'] }, { name: 'y' }, false],
    [{ client_id: ['agent-*'], name: ['x', '*'] }, { name: 'y' }, true],
    [{ ipv4: ['10.*'] }, { ipv4: ['192.0.2.1', '10.0.0.1'] }, true],
    [{ ipv4: ['10.*'] }, { ipv4: null }, false],
    [{ ipv4: [] }, { ipv4: null }, true],
    [{ ipv4: [] }, { ipv4: ['10.0.0.1'] }, false],
    [{ tag: ['dc*'] }, { tags: ['linux', 'DC1'] }, true],
    [{ tag: { or: ['dc1', 'dc2'] } }, { tags: ['dc2'] }, true],
    [{ tag: { and: ['linux', 'dc1'] } }, { tags: ['linux', 'dc1', 'x'] }, true],
    [{ tag: { and: ['linux', 'dc1'] } }, { tags: ['linux'] }, false],
    [{ tag: { and: ['linux', 'linux'] } }, { tags: ['linux'] }, true],
    [{ tag: [] }, { tags: null }, true],
    [{ connection_state: ['connected'] }, {}, true],
    [{ connection_state: ['connected'] }, { disconnectedAt: 1 }, false],
    [{ client_auth_id: ['cred'], address: ['192.0.2.*'] }, {}, true],
  ])('%j, %j: %s', (params, facts, expected) => {
    expect(matches(params, facts)).toBe(expected)
  })

  test('in time that grows with the texts alone, whatever the pattern is', () => {
    const startedAt = performance.now()
    expect(matches({ name: [`${'*a'.repeat(400)}b`] }, { name: 'a'.repeat(100_000) })).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(1000)
  })

  test('by a pattern without letters that mean something, when and only when the texts are equal', () =>
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (pattern, name) => {
        fc.pre(!pattern.includes('*'))
        expect(matches({ name: [pattern] }, { name })).toBe(pattern.toLowerCase() === name.toLowerCase())
      }),
    ))
})

import { ApiError } from '@rport/api'
import { MS_PER_MINUTE } from '@rport/kit'
import { type JsonObject, parseRemote, type RemoteRecord, toRemoteRecord } from '@rport/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Actor } from '../../http/index.ts'
import { parseCommandRestriction, parseTunnelRestriction } from './restriction.ts'
import { createTunnelPolicy } from './tunnel-policy.ts'

const actor = (...groups: string[]): Actor => ({ username: 'u', groups, proof: 'password', address: '192.0.2.1' })

const policyOf = (byGroup: Record<string, JsonObject | null>) =>
  createTunnelPolicy({
    directory: {
      groupPermissionsEnabled: true,
      groups: {
        detailsOf: async (names) => {
          const found = names.filter((name) => Object.hasOwn(byGroup, name))
          const none = { permissions: new Set<never>(), commandsRestricted: null }
          return new Map(found.map((name) => [name, { name, ...none, tunnelsRestricted: byGroup[name] ?? null }]))
        },
      },
    },
  })

const tunnel = (text: string, facts: Partial<RemoteRecord> = {}) =>
  toRemoteRecord(parseRemote(text), { idleTimeoutMs: 5 * MS_PER_MINUTE, ...facts })

/** The rule that refuses; undefined: none does. */
async function refusedBy(restriction: JsonObject, wanted: RemoteRecord): Promise<string | undefined> {
  const error = await policyOf({ g: restriction })
    .requireOpen(actor('g'), wanted)
    .catch((thrown: unknown) => thrown)
  if (error === undefined) return undefined
  if (!(error instanceof ApiError) || error.key !== 'tunnel_restricted') throw error
  return /"(.*)"/.exec(error.message)?.[1]
}

describe('a restriction', () => {
  test.each<[JsonObject, RemoteRecord, string | undefined]>([
    [{ remote: ['22', '10.0.0.5:80'] }, tunnel('22'), undefined],
    [{ remote: ['22', '10.0.0.5:80'] }, tunnel('127.0.0.1:22'), undefined],
    [{ remote: ['22', '10.0.0.5:80'] }, tunnel('10.0.0.5:80'), undefined],
    [{ remote: ['22', '10.0.0.5:80'] }, tunnel('10.0.0.5:22'), 'remote'],
    // a host in `local` moves over to the target
    [{ remote: ['22'] }, tunnel('10.0.0.5:22'), 'remote'],
    [{ local: ['3000'] }, tunnel('3000:22'), undefined],
    [{ local: ['3000'] }, tunnel('127.0.0.1:3000:1.2.3.4:22'), 'local'],
    [{ local: ['3000'] }, tunnel('22'), 'local'],
    [{ local: [''] }, tunnel('22'), undefined],
    [{ protocol: ['tcp'] }, tunnel('53/udp'), 'protocol'],
    [{ protocol: ['tcp'] }, tunnel('53'), undefined],
    [{ scheme: ['ssh'] }, tunnel('22'), 'scheme'],
    [{ scheme: ['ssh', ''] }, tunnel('22'), undefined],
    [{ acl: ['192.0.2.0/24'] }, tunnel('22'), 'acl'],
    [{ acl: ['192.0.2.0/24'] }, tunnel('22', { acl: '192.0.2.0/24' }), undefined],
    [{ 'idle-timeout-minutes': { min: 1, max: 5 } }, tunnel('22'), undefined],
    [{ 'idle-timeout-minutes': { max: '4m' } }, tunnel('22'), 'idle-timeout-minutes'],
    [{ 'idle-timeout-minutes': { max: 5 } }, tunnel('22', { idleTimeoutMs: 0 }), 'idle-timeout-minutes'],
    [{ 'idle-timeout-minutes': { min: 5 } }, tunnel('22', { idleTimeoutMs: 0 }), undefined],
    [{ 'skip-idle-timeout': false }, tunnel('22', { idleTimeoutMs: 0 }), 'skip-idle-timeout'],
    [{ 'skip-idle-timeout': true }, tunnel('22', { idleTimeoutMs: 0 }), undefined],
    [{ 'auto-close': { max: '1h' } }, tunnel('22'), 'auto-close'],
    [{ 'auto-close': { max: '1h' } }, tunnel('22', { autoCloseMs: 3_600_000 }), undefined],
    [{ http_proxy: false }, tunnel('22', { httpProxy: true }), 'http_proxy'],
    [{ auth_allowed: false }, tunnel('22', { authUser: 'x' }), 'auth_allowed'],
    [{ host_header: '\\.example\\.com$' }, tunnel('80', { hostHeader: 'a.example.com' }), undefined],
    [{ host_header: '\\.example\\.com$' }, tunnel('80', { hostHeader: 'example.net' }), 'host_header'],
    [{ unheard_of: true }, tunnel('22'), 'unheard_of'],
  ])('%j and %o: refused by %s', async (restriction, wanted, rule) => {
    expect(await refusedBy(restriction, wanted)).toBe(rule)
  })

  test('of several groups, one has to allow the whole tunnel; groups without one add nothing', async () => {
    const policy = policyOf({ ssh: { remote: ['22'] }, udp: { protocol: ['udp'] }, open: null })
    await policy.requireOpen(actor('ssh', 'udp'), tunnel('22'))
    await policy.requireOpen(actor('ssh', 'udp'), tunnel('53/udp'))
    await expect(policy.requireOpen(actor('ssh', 'udp', 'open'), tunnel('53'))).rejects.toMatchObject({
      key: 'tunnel_restricted',
    })
    await policy.requireOpen(actor('open'), tunnel('53'))
  })

  test('leaves its people their own tunnels only', async () => {
    const policy = policyOf({ ssh: { remote: ['22'] } })
    await policy.requireOwn(actor('ssh'), { owner: 'u' })
    await policy.requireOwn(actor('open'), { owner: 'other' })
    await policy.requireOwn(actor('ssh', 'Administrators'), { owner: 'other' })
    await expect(policy.requireOwn(actor('ssh'), { owner: 'other' })).rejects.toThrow('"owner"')
  })
})

describe('storing a restriction', () => {
  test('keeps it with keys in lower case, and nothing for an empty one', () => {
    expect(parseTunnelRestriction({ Protocol: ['tcp'], 'Idle-Timeout-Minutes': { Min: 1, max: '1h' } })).toEqual({
      protocol: ['tcp'],
      'idle-timeout-minutes': { min: 1, max: '1h' },
    })
    expect([parseTunnelRestriction({}), parseTunnelRestriction(null), parseTunnelRestriction(undefined)]).toEqual([
      null,
      null,
      null,
    ])
    expect(parseCommandRestriction({ allow: ['^ls'], is_sudo: false })).toEqual({ allow: ['^ls'], is_sudo: false })
  })

  test.each<[Record<string, unknown>, string]>([
    [{ protocl: ['tcp'] }, 'tunnels_restricted has no key "protocl"; it has local, remote'],
    [{ protocol: 'tcp' }, 'tunnels_restricted.protocol must be a list'],
    [{ remote: [22] }, 'tunnels_restricted.remote must be a list'],
    [{ http_proxy: 'no' }, 'tunnels_restricted.http_proxy must be true or false'],
    [{ host_header: '(' }, 'tunnels_restricted.host_header is no regular expression'],
    [{ 'auto-close': { min: -1 } }, 'tunnels_restricted.auto-close must be an object of min and max'],
    [{ 'auto-close': { most: 1 } }, 'tunnels_restricted.auto-close must be an object of min and max'],
    [{ 'auto-close': { min: '2h', max: 60 } }, 'tunnels_restricted.auto-close: min is above max'],
  ])('%j is refused', (value, reason) => {
    expect(() => parseTunnelRestriction(value)).toThrow(reason)
  })

  test('never throws anything but a refusal, whatever comes', () =>
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        try {
          parseTunnelRestriction(value)
          parseCommandRestriction(value)
        } catch (error) {
          expect(error).toMatchObject({ key: 'restriction_invalid' })
        }
      }),
    ))
})

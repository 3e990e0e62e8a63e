import { type Permission, permissions } from '@rport/api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Actor } from '../../http/index.ts'
import { createAccessPolicy, effectivePermissions } from './access-policy.ts'

const grantsOf = (details: Record<string, Permission[]>, groupPermissionsEnabled = true) => ({
  groupPermissionsEnabled,
  groups: {
    detailsOf: async (groups: readonly string[]) => {
      const none = { tunnelsRestricted: null, commandsRestricted: null }
      const known = groups.flatMap((name) => {
        const granted = details[name]
        return granted ? [{ name, permissions: new Set(granted), ...none }] : []
      })
      return new Map(known.map((group) => [group.name, group]))
    },
  },
})

const actor = (...groups: string[]): Actor => ({ username: 'u', groups, proof: 'password', address: '192.0.2.1' })

describe('permissions', () => {
  it('are all granted where groups have no details', async () => {
    expect(await effectivePermissions(grantsOf({}, false), [])).toEqual(new Set(permissions))
  })

  it('are the union of what the groups grant', async () => {
    const grants = grantsOf({ a: ['tunnels'], b: ['vault'], c: ['commands'] })
    expect(await effectivePermissions(grants, ['a', 'b', 'unknown'])).toEqual(new Set(['tunnels', 'vault']))
    expect(await effectivePermissions(grants, [])).toEqual(new Set())
  })

  it('are all granted to Administrators without details, and only the details of one with them', async () => {
    expect(await effectivePermissions(grantsOf({}), ['Administrators'])).toEqual(new Set(permissions))
    expect(await effectivePermissions(grantsOf({ Administrators: ['vault'] }), ['Administrators'])).toEqual(
      new Set(['vault']),
    )
    expect(await effectivePermissions(grantsOf({}), ['administrators'])).toEqual(new Set())
  })

  it('agree with the rule as it is written, for any groups and details', () =>
    fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom('a', 'b', 'Administrators'), fc.subarray([...permissions])),
        fc.subarray(['a', 'b', 'c', 'Administrators']),
        fc.constantFrom(...permissions),
        async (details, groups, name) => {
          const policy = createAccessPolicy({ directory: grantsOf(details), userGroupsOf: () => [] })
          let expected = false
          for (const group of groups) {
            if (Object.hasOwn(details, group)) expected ||= details[group]!.includes(name)
            else expected ||= group === 'Administrators'
          }
          expect(await policy.permission(actor(...groups), name)).toBe(expected)
        },
      ),
    ))
})

describe('access to a client', () => {
  const policy = createAccessPolicy({
    directory: grantsOf({}),
    userGroupsOf: (id) => ({ shared: ['operators'], lonely: [] })[id],
  })

  it.each([
    ['shared', ['operators'], 'allowed'],
    ['shared', ['viewers'], 'denied'],
    ['shared', [], 'denied'],
    ['lonely', ['operators'], 'denied'],
    ['lonely', ['Administrators'], 'allowed'],
    ['unknown', ['Administrators'], 'unknown'],
    ['unknown', [], 'unknown'],
  ])('%s by %j is %s', async (clientId, groups, verdict) => {
    expect(await policy.clientAccess(actor(...groups), clientId)).toBe(verdict)
  })

  it('makes administrators of members of exactly one group', async () => {
    expect(await policy.isAdmin(actor('Administrators'))).toBe(true)
    expect(await policy.isAdmin(actor('administrators', 'Administrators2'))).toBe(false)
  })
})

import { describe, expect, it } from 'vitest'
import { createPermittedUsers, type PermittedUsersConfig } from './permitted-users.ts'

const rules = (own: Partial<PermittedUsersConfig> = {}) =>
  createPermittedUsers({ permittedUserMatch: undefined, requiredRole: undefined, roleGroups: [], ...own })
const identity = (username: string, roles: readonly string[] = []) => ({ username, roles })

describe('who is permitted', () => {
  it('is whoever matches the expression, anywhere in the name unless it says otherwise', () => {
    const anywhere = rules({ permittedUserMatch: '@example\\.com' })
    anywhere.require(identity('ada@example.com'))
    anywhere.require(identity('eve@example.com.evil.org'))
    const whole = rules({ permittedUserMatch: '^[^@]+@example\\.com$' })
    whole.require(identity('ada@example.com'))
    expect(() => whole.require(identity('eve@example.com.evil.org'))).toThrow('the name is not among those that may')
  })

  it('is whoever has the role', () => {
    rules({ requiredRole: 'rport' }).require(identity('ada', ['x', 'rport']))
    expect(() => rules({ requiredRole: 'rport' }).require(identity('ada', ['rport-2']))).toThrow(
      'the role rport is missing',
    )
  })

  it.each([' ada', 'ada ', 'a\0da', 'a\nda', 'x'.repeat(251)])('is nobody with the name %j', (username) => {
    expect(() => rules().require(identity(username))).toThrow('it is no name for a user here')
  })

  it('is decided in time that grows with the name and not with the expression', () => {
    const slow = rules({ permittedUserMatch: '^(a+)+$' })
    expect(() => slow.require(identity(`${'a'.repeat(200)}!`))).toThrow('the name is not among those that may')
  })
})

describe('groups of this server', () => {
  const roleGroups = [
    { role: 'admins', group: 'Administrators' },
    { role: 'staff', group: 'operators' },
    { role: 'support', group: 'operators' },
  ]

  it('follow from roles, each once', () => {
    expect(rules({ roleGroups }).groupsOf(identity('ada', ['support', 'staff', 'admins']))).toEqual([
      'Administrators',
      'operators',
    ])
    expect(rules({ roleGroups }).groupsOf(identity('ada', ['Administrators']))).toEqual([])
  })

  it('are not touched where the configuration names none', () => {
    expect(rules().groupsOf(identity('ada', ['admins']))).toBeUndefined()
  })
})

import { describe, expect, it } from 'vitest'
import { claimAt, rolesIn, usernameIn } from './claims.ts'

describe('claimAt', () => {
  it('takes a whole name before the way into objects', () => {
    expect(claimAt({ 'https://example.com/roles': ['a'] }, 'https://example.com/roles')).toEqual(['a'])
    expect(claimAt({ realm_access: { roles: ['b'] } }, 'realm_access.roles')).toEqual(['b'])
    expect(claimAt({ 'a.b': 1, a: { b: 2 } }, 'a.b')).toBe(1)
  })

  it.each(['constructor', '__proto__', 'a.constructor.name', 'a.b.c', ''])('finds nothing at %j', (name) => {
    expect(claimAt({ a: { b: 'text' } }, name)).toBeUndefined()
  })
})

describe('usernameIn', () => {
  it('takes an address only when the provider says that it has verified it', () => {
    const email = 'ada@example.com'
    expect(usernameIn({ email, email_verified: true }, 'email')).toBe(email)
    expect(usernameIn({ email, email_verified: 'true' }, 'email')).toBe(email)
    for (const email_verified of [false, 'false', undefined, 1, null]) {
      expect(() => usernameIn({ email, email_verified }, 'email')).toThrow('it has not verified the email address')
    }
  })

  it.each([undefined, '', ' ', 5, ['ada'], { name: 'ada' }])('refuses %j as a name', (preferred_username) => {
    expect(() => usernameIn({ preferred_username }, 'preferred_username')).toThrow(
      'it does not tell the claim preferred_username',
    )
  })
})

describe('rolesIn', () => {
  it.each([
    [
      ['a', 5, 'b', null],
      ['a', 'b'],
    ],
    ['a b,c', ['a', 'b', 'c']],
    [{ a: true }, []],
    [undefined, []],
  ])('reads %j', (roles, expected) => {
    expect(rolesIn({ roles }, 'roles')).toEqual(expected)
  })

  it('looks at no more than 5000', () => {
    expect(rolesIn({ roles: Array.from({ length: 6000 }, String) }, 'roles')).toHaveLength(5000)
  })
})

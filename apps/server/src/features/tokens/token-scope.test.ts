import { expect, test } from 'vitest'
import { scopeAllows } from './token-scope.ts'

test.each([
  ['read', 'GET', '/api/v1/clients', true],
  ['read', 'PUT', '/api/v1/me', false],
  ['read', 'GET', '/api/v1/ws/commands', false],
  ['read', 'GET', '/api/v1/clients/x-ws', true],
  ['read+write', 'DELETE', '/api/v1/users/x', true],
  ['read+write', 'GET', '/api/v1/ws/commands', true],
  ['clients-auth', 'GET', '/api/v1/clients-auth', true],
  ['clients-auth', 'DELETE', '/api/v1/clients-auth/x', true],
  ['clients-auth', 'GET', '/api/v1/clients/clients-auth', false],
  ['clients-auth', 'GET', '/api/v1/clients-authority', false],
  ['clients-auth', 'GET', '/api/v1/me', false],
] as const)('a %s token and %s %s: %s', (scope, method, path, expected) => {
  expect(scopeAllows(scope, method, path)).toBe(expected)
})

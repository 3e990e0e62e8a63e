import type { EndpointSpec } from '@rport/api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AuthorizationBench,
  type Caller,
  declaredOperations,
  openAuthorizationBench,
} from './testing/authorization-bench.ts'
import { authorizationRows } from './testing/authorization-rows.ts'

let bench: AuthorizationBench
beforeAll(async () => {
  bench = await openAuthorizationBench()
})
afterAll(() => bench.close())

const wordsOf = (name: string): string[] => authorizationRows[name]?.split(' ') ?? []

/** The rule as it is written in the rows, without any of the code that is tested. */
function expected(caller: Caller, name: string, hasSuchClient: boolean): 'in' | number {
  const words = wordsOf(name)
  const [method, path = ''] = name.split(' ')
  if (words.some((word) => ['public', 'login', 'bearer'].includes(word))) return 'in'
  if (words.includes('pending') && caller.isPending) return 'in'
  if (words[0] === 'pending') return 401
  if (!caller.isKnown) return 401
  if (caller.scope === 'read' && method !== 'GET') return 403
  if (caller.scope === 'clients-auth' && !path.startsWith('/clients-auth')) return 403
  for (const word of words) {
    if (word === 'user' || word === 'pending') continue
    if (word === 'client') {
      if (!hasSuchClient) return 404
      if (!caller.isAdmin && !caller.hasClient) return 403
    } else if (word === 'admin') {
      if (!caller.isAdmin) return 403
    } else if (!caller.permissions.includes(word)) return 403
  }
  return 'in'
}

/** What a declaration says, in the words of the rows. */
function declared(spec: EndpointSpec): string {
  if (spec.auth !== 'user') return spec.auth === 'none' ? 'public' : spec.auth
  const words = [spec.clientAccess && 'client', spec.permission, spec.admin && 'admin'].filter(Boolean)
  const who = words.length === 0 ? 'user' : words.join(' ')
  return spec.whilePending ? `${who} pending` : who
}

describe('every operation', () => {
  test('has a row in authorization-rows.ts that says who may call it, and every row an operation', () => {
    const said = declaredOperations().map(({ name, spec }) => [name, declared(spec)])
    expect(Object.fromEntries(said)).toEqual(authorizationRows)
  })

  test('with a client in its path asks for access to it', () => {
    const open = declaredOperations().filter(({ spec }) => spec.path.includes('{client_id}') && !spec.clientAccess)
    expect(open.map(({ name }) => name)).toEqual([])
  })

  test.each(declaredOperations())('$name lets in who may call it, and nobody else', async ({ name, spec }) => {
    const found: Record<string, 'in' | number> = {}
    const wanted: Record<string, 'in' | number> = {}
    for (const caller of bench.callers) {
      for (const clientId of spec.path.includes('{client_id}') ? ['ours', 'unknown'] : ['ours']) {
        const key = `${caller.name}, ${clientId}`
        found[key] = await bench.call(caller, spec, clientId)
        wanted[key] = expected(caller, name, clientId === 'ours')
      }
    }
    expect(found).toEqual(wanted)
  })
})

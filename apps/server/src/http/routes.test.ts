import { type clients, type login, tunnels } from '@rport/api'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Actor } from './actor.ts'
import { type Handlers, routes } from './routes.ts'

const never = () => {
  throw new Error('not called')
}

describe('routes', () => {
  test('binds each operation to the handler of its name', () => {
    const bound = routes(tunnels, { list: () => [], create: never, delete: never, changeAcl: never })
    expect(bound.map((route) => route.spec.path)).toEqual([
      '/tunnels',
      '/clients/{client_id}/tunnels',
      '/clients/{client_id}/tunnels/{tunnel_id}',
      '/clients/{client_id}/tunnels/{tunnel_id}/acl',
    ])
    expect(bound[0]?.handle({} as never)).toEqual([])
  })

  test('an operation in two steps is bound to the first one, and to both as one', async () => {
    const steps: string[] = []
    const look = async () => {
      steps.push('look')
      return () => void steps.push('act')
    }
    const bound = routes(tunnels, { list: () => [], create: never, delete: { look }, changeAcl: never })[2]
    expect(bound?.look).toBe(look)
    await bound?.handle({} as never)
    expect(steps).toEqual(['look', 'act'])
  })

  test('a missing handler does not compile', () => {
    // @ts-expect-error changeAcl is missing
    expect(() => routes(tunnels, { list: () => [], create: never, delete: never })).toThrow()
  })

  test('a handler without a declaration does not compile', () => {
    // @ts-expect-error rename is not declared
    routes(tunnels, { list: () => [], create: never, delete: never, changeAcl: never, rename: never })
  })

  test('a handler of the wrong reply does not compile', () => {
    // @ts-expect-error list replies with an array of tunnels
    routes(tunnels, { list: () => 5, create: never, delete: never, changeAcl: never })
  })

  test('the input follows from the declaration', () => {
    type Input<R, K extends keyof R> =
      Extract<R[K], (input: never) => unknown> extends (input: infer I) => unknown ? I : never
    type Create = Input<Handlers<typeof tunnels>, 'create'>
    expectTypeOf<Create['actor']>().toEqualTypeOf<Actor>()
    expectTypeOf<Create['params']>().toEqualTypeOf<{ readonly client_id: string }>()
    expectTypeOf<Create['query']['remote']>().toEqualTypeOf<string>()
    expectTypeOf<Create['query']['acl']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<Create['list']>().toEqualTypeOf<undefined>()
    expectTypeOf<Create['body']>().toEqualTypeOf<undefined>()
    expectTypeOf<Input<Handlers<typeof login>, 'withBody'>['actor']>().toEqualTypeOf<undefined>()
    expectTypeOf<Input<Handlers<typeof login>, 'withBody'>['body']['new_password']>().toEqualTypeOf<string>()
    type Sort = Input<Handlers<typeof clients>, 'list'>['list']['sorts'][number]['field']
    expectTypeOf<Sort>().toEqualTypeOf<'id' | 'name' | 'os' | 'hostname' | 'version'>()
  })
})

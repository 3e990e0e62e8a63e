import { Secret } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { createLoginStates, type LoginStates } from './login-state.ts'

const secret = new Secret('a secret for tests')
let clock: ReturnType<typeof createFakeClock>
let states: LoginStates
beforeEach(() => {
  clock = createFakeClock()
  states = createLoginStates({ secret, clock })
})

describe('the state of a login', () => {
  it('is good once, and leads back to nonce and verifier', () => {
    const { flow, expiresAt } = states.begin()
    expect(expiresAt).toBe(clock.now() + 600_000)
    expect(flow.codeVerifier).toMatch(/^[\w-]{43}$/)
    expect(states.redeem(flow.state)).toEqual(flow)
    expect(states.redeem(flow.state)).toBeUndefined()
  })

  it('is another one each time, and so are nonce and verifier', () => {
    const values = [states.begin(), states.begin()].flatMap(({ flow }) => Object.values(flow))
    expect(new Set(values).size).toBe(6)
  })

  it('ends after ten minutes', async () => {
    const { flow } = states.begin()
    await clock.advance(600_000)
    expect(states.redeem(flow.state)).toBeUndefined()
  })

  it('is good on another node with the same key, and nowhere else', () => {
    const { flow } = states.begin()
    expect(createLoginStates({ secret: new Secret('another'), clock }).redeem(flow.state)).toBeUndefined()
    expect(createLoginStates({ secret, clock }).redeem(flow.state)).toEqual(flow)
  })

  it('cannot be made up, nor written in another way', () => {
    const { flow } = states.begin()
    const bytes = Buffer.from(flow.state, 'base64url')
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes)
        changed.writeUInt8(changed.readUInt8(at) ^ change, at)
        expect(states.redeem(changed.toString('base64url'))).toBeUndefined()
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(states.redeem(text)).toBeUndefined()
      }),
    )
    for (const text of [`${flow.state}=`, `${flow.state} `, ` ${flow.state}`, flow.state.repeat(2)]) {
      expect(states.redeem(text)).toBeUndefined()
    }
    expect(states.redeem(flow.state)).toEqual(flow)
  })
})

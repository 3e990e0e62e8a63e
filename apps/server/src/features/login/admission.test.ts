import { silentLogger } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import { expect, it } from 'vitest'
import { createAdmission, type LoginProof } from './admission.ts'
import { createLockout } from './lockout.ts'

const due = { sendTo: '', deliveryMethod: 'totp_authenticator_app', totpKeyStatus: 'exists' } as const
const admission = createAdmission({
  directory: { find: async () => undefined, update: async () => undefined },
  sessions: {
    start: async () => 'whole',
    startPending: async () => ({ sessionId: 1, token: 'half' }),
    takePending: async () => undefined,
    end: async () => true,
    endAllOf: async () => undefined,
  },
  secondFactor: {
    windowMs: 1000,
    dueFor: async () => due,
    ask: async () => undefined,
    judge: () => Promise.reject(new Error('not in these tests')),
  },
  lockout: createLockout({ waitMs: 0, maxFailed: 0, banMs: 0, clock: createFakeClock(), log: silentLogger }),
  log: silentLogger,
})
const admit = (proof: LoginProof, passwordExpired = false) =>
  admission.admit({
    user: { username: 'ada', groups: [], passwordExpired, twoFaSendTo: '' },
    proof,
    lifetimeMs: 1000,
    origin: { address: '192.0.2.1', userAgent: '' },
  })

it.each(['password', 'header'] as const)('a second factor is asked for after a login by %s', async (proof) => {
  expect(await admit(proof)).toMatchObject({ token: 'half', two_fa: { totp_key_status: 'exists' } })
})

it('the second factor of an identity provider is enough', async () => {
  expect(await admit('provider')).toEqual({ token: 'whole', two_fa: null })
})

it.each(['password', 'header', 'provider'] as const)(
  'an account that waits for a new password is shut for %s',
  async (proof) => {
    await expect(admit(proof, true)).rejects.toMatchObject({ key: 'password_expired' })
  },
)

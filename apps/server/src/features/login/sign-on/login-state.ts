import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Clock, createRecentMap, MS_PER_MINUTE, type Secret } from '@rport/kit'
import type { LoginFlow } from './identity-provider.ts'

/** Time to find the password, the telephone and the second factor. */
const LIFETIME_MS = 10 * MS_PER_MINUTE
/** Finished logins that are remembered; the provider lets no code be used twice either. */
const MAX_REDEEMED = 20_000
const ID_BYTES = 16
const EXPIRY_BYTES = 6
const MAC_BYTES = 16
const STATE_BYTES = ID_BYTES + EXPIRY_BYTES + MAC_BYTES

/** Gives out the `state` of logins and takes each back once. */
export interface LoginStates {
  begin(): { readonly flow: LoginFlow; readonly expiresAt: number }
  /** The login that the state belongs to; undefined when it is not ours, too old, or was taken back before. */
  redeem(state: string): LoginFlow | undefined
}

/**
 * A state is a random id, its end and a signature of both; nonce and verifier follow from the id by the same key. So logins
 * that were begun and never finished cost no memory, however many strangers begin, and every node of a fleet with one key can
 * finish them.
 */
export function createLoginStates({ secret, clock }: { secret: Secret; clock: Clock }): LoginStates {
  const key = Buffer.from(hkdfSync('sha256', secret.reveal(), '', 'rport login state', 32))
  const redeemed = createRecentMap<true>(MAX_REDEEMED)
  const mac = (purpose: string, data: Buffer) => createHmac('sha256', key).update(`${purpose}:`).update(data).digest()
  const toFlow = (state: string, id: Buffer): LoginFlow => ({
    state,
    nonce: mac('nonce', id).toString('base64url'),
    codeVerifier: mac('verifier', id).toString('base64url'),
  })

  return {
    begin() {
      const id = randomBytes(ID_BYTES)
      const expiresAt = clock.now() + LIFETIME_MS
      const expiry = Buffer.alloc(EXPIRY_BYTES)
      expiry.writeUIntBE(expiresAt, 0, EXPIRY_BYTES)
      const signed = Buffer.concat([id, expiry])
      const state = Buffer.concat([signed, mac('state', signed).subarray(0, MAC_BYTES)]).toString('base64url')
      return { flow: toFlow(state, id), expiresAt }
    },

    redeem(state) {
      const bytes = Buffer.from(state.slice(0, 2 * STATE_BYTES), 'base64url')
      if (bytes.length !== STATE_BYTES || bytes.toString('base64url') !== state) return undefined
      const signed = bytes.subarray(0, ID_BYTES + EXPIRY_BYTES)
      const expected = mac('state', signed).subarray(0, MAC_BYTES)
      if (!timingSafeEqual(expected, bytes.subarray(ID_BYTES + EXPIRY_BYTES))) return undefined
      if (bytes.readUIntBE(ID_BYTES, EXPIRY_BYTES) <= clock.now() || redeemed.get(state)) return undefined
      redeemed.set(state, true)
      return toFlow(state, bytes.subarray(0, ID_BYTES))
    },
  }
}

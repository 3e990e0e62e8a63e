import { type Clock, type Logger, MS_PER_HOUR } from '@rport/kit'
import type { KeyPair } from './key-pair.ts'

const DAY_MS = 24 * MS_PER_HOUR
/** Renewal programs act a month before the end: a week before it something is broken. */
const REMIND_BEFORE_MS = 7 * DAY_MS

/**
 * Says in the log that a certificate is about to end, once a day.
 * @returns what is called at each look at the certificate, with the pair in force
 */
export function createExpiryReminder({ clock, log }: { clock: Clock; log: Logger }): (pair: KeyPair) => void {
  let remindedAt: number | undefined
  return ({ validFromAt, validToAt, names }) => {
    const now = clock.now()
    if (remindedAt !== undefined && now - remindedAt < DAY_MS) return
    const facts = { names, validFrom: new Date(validFromAt), validTo: new Date(validToAt) }
    if (now > validToAt) log.error(facts, 'the certificate has ended: browsers refuse it, renew it')
    else if (now < validFromAt)
      log.error(facts, 'the certificate is not valid yet: is the clock of this machine right?')
    else if (validToAt - now < REMIND_BEFORE_MS) log.warn(facts, 'the certificate ends soon: renew it')
    else return
    remindedAt = now
  }
}

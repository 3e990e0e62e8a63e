import { type Clock, errorMessage, type Logger, type Secret, withDeadline } from '@rport/kit'
import type { Database } from '../../db/index.ts'
import type { RouteSet } from '../../http/index.ts'
import type { SecondFactor } from '../login/index.ts'
import type { FactorRules, TextSealing, UserDirectory } from '../users/index.ts'
import { createAppCodes } from './app-codes.ts'
import { createDeliveredCodes } from './delivered-codes.ts'
import type { CodeDelivery } from './deliveries/index.ts'
import { createFactorRules } from './factor-rules.ts'
import { createFactorStore } from './factor-store.ts'
import { createGuesses } from './guesses.ts'
import { secondFactorRoutes } from './second-factor-routes.ts'
import { createTotpService } from './totp-service.ts'

export interface SecondFactorsConfig {
  /** How long a code that was sent is good. */
  readonly codeLifetimeMs: number
  readonly sendTimeoutMs: number
  readonly totp: {
    readonly enabled: boolean
    /** Time between password and code. */
    readonly loginSessionMs: number
    readonly accountName: string
  }
}

export interface SecondFactorsDeps {
  readonly config: SecondFactorsConfig
  readonly db: Database
  readonly directory: UserDirectory
  /** undefined: no codes are sent. */
  readonly delivery: CodeDelivery | undefined
  /** Hashes codes. */
  readonly key: Secret
  readonly sealing: TextSealing
  readonly clock: Clock
  readonly log: Logger
}

export interface SecondFactors {
  /** What comes after passwords; undefined: nothing. */
  readonly ofLogins: SecondFactor | undefined
  readonly rules: FactorRules
  readonly routes: RouteSet
  /** Forgets recovery codes and whatever else is kept of a user outside the account. */
  forget(username: string): Promise<void>
  /** Tries in the background whether codes can be sent, and warns when not: the server itself must not wait for it. */
  start(): void
}

/** At most one of the two kinds is on; the settings are checked for it. */
export function createSecondFactors(deps: SecondFactorsDeps): SecondFactors {
  const { config, db, directory, delivery, sealing, clock, log } = deps
  const { sendTimeoutMs, totp } = config
  const store = createFactorStore(db)
  const guesses = createGuesses({ clock })
  const appCodes = totp.enabled
    ? createAppCodes({ directory, store, guesses, sealing, windowMs: totp.loginSessionMs, clock, log })
    : undefined
  const codes =
    delivery &&
    createDeliveredCodes({ ...deps, ...config, delivery, store, guesses, lifetimeMs: config.codeLifetimeMs })
  const service = createTotpService({ appCodes, directory, store, sealing, accountName: totp.accountName, clock, log })
  return {
    ofLogins: appCodes ?? codes,
    rules: createFactorRules({ delivery, sendTimeoutMs, totpEnabled: totp.enabled, clock }),
    routes: secondFactorRoutes(service),
    forget: (username) => store.forget(username),
    start() {
      if (!delivery) return
      withDeadline((signal) => delivery.probe(signal), { timeoutMs: sendTimeoutMs, clock }).catch((error: unknown) => {
        const fields = { method: delivery.method, reason: errorMessage(error) }
        log.warn(fields, 'codes of second factors cannot be sent at present: nobody can log in')
      })
    },
  }
}

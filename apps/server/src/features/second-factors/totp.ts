import { createHash } from 'node:crypto'
import { Secret as Key, TOTP, URI } from 'otpauth'

/** A user's app, as its otpauth URL says. @see https://github.com/google/google-authenticator/wiki/Key-Uri-Format */
export interface App {
  /** base32 */
  readonly secret: string
  /** The step of time of which this is the code; undefined: of none that is near. */
  stepOf(code: string, now: number): number | undefined
}

/** compat: 20 bytes, the rest is what every app takes for granted: SHA-1, six digits, 30 seconds. */
const KEY_BYTES = 20
/** Clocks differ: the codes before and after count, too. */
const STEPS_AROUND = 1
const MAX_URL_LENGTH = 2000

/** A new app for a user. compat: the issuer is the user, the account is the server; apps show both. */
export const newAppUrl = (username: string, accountName: string): string =>
  new TOTP({ issuer: username, label: accountName, secret: new Key({ size: KEY_BYTES }) }).toString()

/** Reads an otpauth URL, ours or one of the original; undefined when it is none of an app that counts time. */
export function parseAppUrl(url: string): App | undefined {
  const totp = read(url)
  if (!totp) return undefined
  return {
    secret: totp.secret.base32,
    stepOf(code, now) {
      if (code.length !== totp.digits || !/^\d+$/.test(code)) return undefined
      const delta = totp.validate({ token: code, timestamp: now, window: STEPS_AROUND })
      return delta === null ? undefined : totp.counter({ timestamp: now }) + delta
    },
  }
}

function read(url: string): TOTP | undefined {
  if (url.length > MAX_URL_LENGTH) return undefined
  try {
    const app = URI.parse(url)
    return app instanceof TOTP && app.secret.bytes.length > 0 ? app : undefined
  } catch {
    return undefined // the reason would quote the secret
  }
}

/** Tells apps apart without telling their secrets. */
export const hashOfApp = (url: string): string => createHash('sha256').update(url).digest('base64url')

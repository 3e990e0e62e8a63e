/** A session that waits for a code. Instants in milliseconds since 1970; the session stands in `sessions`. */
export interface FactorWaitsTable {
  session_id: number
  username: string
  /** Of a code that was delivered; '' = the code comes from an app. */
  code_hash: string
  /** otpauth URL of an app that is being set up, sealed; '' = none. It counts when its first code has come. */
  totp_secret: string
  /** Wrong codes so far. */
  failures: number
  expires_at: number
}

/** The last step of time (30 s) of which a user's app has given a code: none counts twice. */
export interface TotpStepsTable {
  username: string
  last_step: number
}

/** Codes for the day when the app is gone. */
export interface RecoveryCodesTable {
  username: string
  /** SHA-256 (base64url) of the app's otpauth URL: with another app the codes are worth nothing. */
  secret_hash: string
  /** SHA-256 (base64url); codes have 75 random bits. */
  code_hash: string
}

import type { ErrorRow } from './error-row.ts'

/** Errors of what comes after the password. */
export const secondFactorErrors = {
  code_required: { status: 401, title: 'token is required', when: 'The code is missing.' },
  second_factor_off: { status: 409, title: '2fa is disabled', when: 'No login needs a second factor.' },
  two_fa_send_to_missing: {
    status: 400,
    title: 'no two_fa_send_to set for this user',
    when: 'A code is to be delivered and the user has no address for it: an administrator sets `two_fa_send_to`.',
  },
  two_fa_not_sent: {
    status: 500,
    title: 'failed to send 2fa verification code',
    when: 'The code could not be delivered. The log of the server says why.',
  },
  two_fa_code_wrong: { status: 401, title: 'invalid token', when: 'The delivered code was another one.' },
  two_fa_login_unknown: {
    status: 401,
    title: '2fa token not found for provided username',
    when: 'The code was used already, guessed wrong five times, or is for another user: log in again.',
  },
  two_fa_code_expired: {
    status: 401,
    title: '2fa token expired',
    when: 'The code is older than `two_fa_token_ttl_seconds`: log in again.',
  },
  totp_code_wrong: {
    status: 401,
    title: 'invalid code',
    when: 'The app shows another code, or this one was used already: wait for the next one.',
  },
  totp_login_unknown: {
    status: 401,
    title: 'login request not found for provided username',
    when: 'The login was finished already, or guessed wrong five times: log in again.',
  },
  totp_login_expired: {
    status: 401,
    title: 'login request expired',
    when: 'The password was sent more than `totp_login_session_ttl` ago: log in again.',
  },
  totp_secret_required: {
    status: 409,
    title: 'time based one time secret key should be generated for this user',
    when: 'The user has no app yet: POST /me/totp-secret with the limited token makes its secret.',
  },
  totp_disabled: {
    status: 400,
    title: 'TotP is disabled',
    when: 'The server does not use authenticator apps: `totp_enabled`.',
  },
  totp_secret_not_found: {
    status: 404,
    title: 'time based one time secret key should be generated for this user',
    when: 'The user has no app, or has not confirmed it yet.',
  },
  totp_secret_exists: {
    status: 409,
    title: 'cannot create new totP secret when another one already exists',
    when: 'The user has an app, or is setting one up in this very session: remove it first.',
  },
  totp_secret_invalid: {
    status: 400,
    title: 'Invalid totp_secret.',
    detail: 'expected an otpauth://totp/ URL with a secret',
    when: 'An administrator has named an app for a user that cannot be one.',
  },
  session_required: {
    status: 403,
    title: 'This needs a login session.',
    when: 'An API token, or a name and a password, may not read or change the second factor of their user.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

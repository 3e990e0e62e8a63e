import type { ErrorRow } from './error-row.ts'

/** Errors of logging in through an identity provider. */
export const signOnErrors = {
  sign_on_off: {
    status: 403,
    title: 'no identity provider is configured',
    when: 'The server logs users in itself: `provider` of `[plus-oauth]` is not set.',
  },
  built_in_login_off: {
    status: 403,
    title: 'built-in authorization disabled. please authorize via your configured authorization',
    when: 'The server lets an identity provider log users in; `GET /auth/provider` names it.',
  },
  identity_provider_unavailable: {
    status: 502,
    title: 'the identity provider does not answer as it should: {reason}',
    when: 'It cannot be reached, or `[plus-oauth]` does not fit it; the log of the server tells more.',
  },
  device_login_unsupported: {
    status: 403,
    title: 'the identity provider has no login for command lines',
    when: 'It names no address for device logins, and `device_authorize_url` is not set.',
  },
  sign_on_state_invalid: {
    status: 401,
    title: 'this login has expired, was finished already, or was not begun here: begin it again',
    when: '`state` is not one that `GET /auth/ext/settings` has just given out, or was used before.',
  },
  sign_on_refused: {
    status: 401,
    title: 'the identity provider refused the login: {reason}',
    when: 'The code is wrong, used or too old, or the user has declined.',
  },
  sign_on_not_permitted: {
    status: 401,
    title: 'user {username} is not permitted to log in: {reason}',
    when: 'The provider knows the user, but `[plus-oauth]` lets only others in.',
  },
  device_login_pending: {
    status: 400,
    title: 'device login is not finished: {reason}',
    when: 'Answered as data: `authorization_pending` and `slow_down` mean ask again later, anything else is the end.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

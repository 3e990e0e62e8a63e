import type { ErrorRow } from './error-row.ts'

/** Errors of logging in and out and of the own account. */
export const accountErrors = {
  auth_required: { status: 401, title: 'auth is required', when: 'Logging in with GET needs HTTP Basic credentials.' },
  header_login_invalid: {
    status: 400,
    title: 'invalid login header: {reason}',
    when: 'The reverse proxy must send each of `auth_header` and `user_header` once, with a user name in UTF-8.',
  },
  username_required: { status: 401, title: 'username is required', when: 'The user name is empty.' },
  bearer_required: {
    status: 400,
    title: 'authorization Bearer token required',
    when: 'Logging out needs the token that is to be ended.',
  },
  token_invalid: { status: 400, title: 'token is invalid: {reason}', when: 'What was sent as a bearer is no token.' },
  token_invalid_or_expired: {
    status: 400,
    title: 'token is invalid or expired',
    when: 'The session of the token has ended already.',
  },
  token_lifetime_too_long: {
    status: 400,
    title: 'requested token lifetime exceeds max allowed {maxSeconds}',
    when: 'Ask for at most 90 days (7776000 seconds).',
  },
  token_lifetime_invalid: {
    status: 400,
    title: 'invalid token-lifetime : {reason}',
    when: '`token-lifetime` is no whole number of seconds.',
  },
  user_not_found: { status: 404, title: 'user not found', when: 'The user of the request no longer exists.' },
  nothing_to_change: { status: 400, title: 'nothing to change', when: 'The body names no effective change.' },
  username_whitespace: {
    status: 400,
    title: 'username must not start or end with whitespace',
    when: 'Trim the name.',
  },
  username_taken: {
    status: 400,
    title: 'Another user with this username already exists',
    when: 'Choose another name.',
  },
  password_too_short: {
    status: 400,
    title: 'Your password is too short',
    detail: 'password must be at least {minLength} characters',
    when: 'The minimum is `password_min_length`.',
  },
  password_too_long: {
    status: 400,
    title: 'Your password is too long',
    detail: 'password must be at most {maxLength} bytes',
    when: 'Stores that the original shares keep bcrypt hashes, which look at 72 bytes only; 1024 elsewhere.',
  },
  password_too_guessable: {
    status: 400,
    title: 'Your password is too guessable',
    detail: 'zxcvbn score is {score}, must be at least {minScore}{advice}',
    when: 'The password scores below `password_zxcvbn_minscore`.',
  },
  two_fa_send_to_invalid: {
    status: 400,
    title: 'invalid two_fa_send_to: {reason}',
    when: 'The address does not fit the way in which second factors are delivered.',
  },
  single_user_operation: {
    status: 400,
    title: "The single user authentication doesn't support this operation.",
    when: 'The server runs on one user of its configuration; change it there.',
  },
  old_password_missing: { status: 403, title: 'Missing old password.', when: 'A new password needs the old one.' },
  old_password_incorrect: { status: 403, title: 'Incorrect old password.', when: 'The old password is not right.' },
} as const satisfies Readonly<Record<string, ErrorRow>>

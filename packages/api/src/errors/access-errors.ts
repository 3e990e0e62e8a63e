import type { ErrorRow } from './error-row.ts'

/** Errors of who is calling and what they may do. */
export const accessErrors = {
  unauthorized: {
    status: 401,
    title: 'unauthorized',
    when: 'No credentials, wrong ones, or a token that is invalid, expired or ended.',
  },
  user_gone: {
    status: 401,
    title: 'unauthorized access',
    when: 'The user of a valid token no longer exists.',
  },
  password_expired: {
    status: 401,
    title: 'password has expired, please change your password',
    when: 'Log in once more with `new_password` to set another one.',
  },
  too_many_attempts: {
    status: 429,
    title: 'too many requests, please try later',
    when: 'A log-in of this name from this address has just failed. Wait `user_login_wait` seconds.',
  },
  permission_missing: {
    status: 403,
    title: 'user does not have "{permission}" permission',
    when: 'None of the user groups of the caller grants the permission.',
  },
  not_administrator: {
    status: 403,
    title: 'current user should belong to Administrators group to access this resource',
    when: 'The operation is for administrators.',
  },
  client_access_denied: {
    status: 403,
    title: 'Access denied to client(s) with ID(s): {clientIds}',
    when: 'The client is not shared with any user group of the caller.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

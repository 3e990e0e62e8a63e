import type { ErrorRow } from './error-row.ts'

/** Errors of the credentials that agents log in with. */
export const clientAuthErrors = {
  client_auth_unknown: {
    status: 404,
    title: 'Client Auth with ID "{clientAuthId}" not found',
    when: 'There is no credential with this id.',
  },
  client_auth_not_found: {
    status: 404,
    code: 'ERR_CODE_CLIENT_AUTH_NOT_FOUND',
    title: 'Client Auth with ID="{clientAuthId}" not found.',
    when: 'There is no credential with this id to be deleted.',
  },
  client_auth_id_invalid: {
    status: 400,
    code: 'ERR_CODE_INVALID_REQUEST',
    title: 'Invalid or missing ID.',
    detail: 'Min size is 3.',
    when: 'The id of a credential has 3 to 1000 bytes and no colon: an agent is told both as `id:password`.',
  },
  client_auth_password_invalid: {
    status: 400,
    code: 'ERR_CODE_INVALID_REQUEST',
    title: 'Invalid or missing password.',
    detail: 'Min size is 3.',
    when: 'The password of a credential has 3 to 1000 bytes.',
  },
  client_auth_exists: {
    status: 409,
    code: 'ERR_CODE_ALREADY_EXIST',
    title: 'Client Auth with ID "{clientAuthId}" already exist.',
    when: 'Choose another id, or delete the credential first.',
  },
  client_auth_force_invalid: {
    status: 400,
    code: 'ERR_CODE_INVALID_REQUEST',
    title: 'Invalid force param {value}.',
    when: '`force` is one of 1, t, true, 0, f, false.',
  },
  client_auth_has_clients: {
    status: 409,
    code: 'ERR_CODE_CLIENT_AUTH_HAS_CLIENT',
    title: 'Client Auth expected to have no active or disconnected bound client(s), got {count}.',
    when: 'Clients belong to the credential. Delete them first, or delete them along with it by `force=true`.',
  },
  client_auth_single: {
    status: 405,
    code: 'ERR_CODE_CLIENT_AUTH_SINGLE',
    title: 'Client authentication is enabled only for a single user.',
    when: 'The server runs on one credential of its configuration (`[server] auth`); change it there.',
  },
  client_auth_read_only: {
    status: 405,
    code: 'ERR_CODE_CLIENT_AUTH_RO',
    title: 'Client authentication has been attached in read-only mode.',
    when: 'The configuration says `auth_write = false`.',
  },
  client_auth_store_failed: {
    status: 503,
    title: 'The credentials of agents cannot be read or changed at the moment.',
    when: 'Their file is damaged, or their database cannot be reached. Nothing was changed; the log of the server says why.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

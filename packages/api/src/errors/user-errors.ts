import type { ErrorRow } from './error-row.ts'

/** Errors of administrating users, user groups and API tokens. */
export const userErrors = {
  users_not_changeable: {
    status: 400,
    title: 'server runs on a static user-password pair, please use JSON file or database for user data',
    when: 'The server runs on one user of its configuration (`[api] auth`).',
  },
  user_unknown: {
    status: 404,
    title: "cannot find user by username '{username}'",
    when: 'There is no user of this name.',
  },
  user_name_required: { status: 400, title: 'username is required', when: 'A new user needs a name.' },
  user_password_required: { status: 400, title: 'password is required', when: 'A new user needs a password.' },
  user_two_fa_send_to_required: {
    status: 400,
    title: 'two_fa_send_to is required',
    when: 'Second factors are delivered, so every new user needs an address for them.',
  },
  username_invalid: {
    status: 400,
    title: 'username must not contain control characters',
    when: 'Line ends, tabs, NUL and their kin are no part of a name.',
  },
  last_administrator: {
    status: 400,
    title: 'The last administrator cannot be deleted or leave the group Administrators.',
    when: 'Nobody could administrate the server any more. Make another user an administrator first.',
  },
  session_id_invalid: {
    status: 400,
    title: 'unable to parse session ID "{sessionId}" for user "{username}"',
    when: 'Session ids are whole numbers.',
  },
  user_groups_of_configuration: {
    status: 400,
    title: "The single user authentication doesn't support this feature.",
    when: 'The server runs on one user of its configuration (`[api] auth`), who is an administrator.',
  },
  user_groups_of_file: {
    status: 400,
    title: "The json file authentication backend doesn't support this feature.",
    when: 'The file of users names groups but keeps nothing about them. Use a database, or our own tables.',
  },
  user_group_details_missing: {
    status: 400,
    title: 'User group details table must be configured for this operation.',
    when: 'Set `[api] auth_group_details_table`.',
  },
  user_group_name_invalid: {
    status: 400,
    title: 'Invalid name of a user group.',
    detail: 'A name has 1 to 1000 characters, none of them a control character.',
    when: 'The name of a user group is empty, too long or has control characters.',
  },
  restriction_invalid: {
    status: 400,
    title: 'Invalid restriction: {reason}',
    when: '`tunnels_restricted` or `commands_restricted` has an unknown key, or a value of the wrong shape.',
  },
  restrictions_not_storable: {
    status: 400,
    title: 'The table of user group details has no columns for restrictions.',
    when: 'Add the text columns `tunnels_restricted` and `commands_restricted` to the table and restart the server.',
  },
  tunnel_restricted: {
    status: 400,
    title: 'The restriction "{rule}" of your user groups does not allow this.',
    when: '`tunnels_restricted` of the user groups of the caller. An absent value counts as the empty text; no time limit is more than any maximum; `owner` means that tunnels of others are not to be touched.',
  },
  user_groups_not_found: {
    status: 404,
    title: 'user groups not found: {names}',
    when: 'A user group that shall have access to a client does not exist.',
  },
  token_management_moved: {
    status: 410,
    title: 'use new token management on /me/tokens',
    when: 'The single token of early versions is gone.',
  },
  token_scope_denied: {
    status: 403,
    title: 'the scope of the provided token is not authorized for this operation',
    when: 'The API token is good, but not for this: `read` is for GET, `clients-auth` for /clients-auth alone.',
  },
  token_scope_invalid: {
    status: 400,
    title: 'missing or invalid scope.',
    when: '`scope` is read, read+write or clients-auth.',
  },
  token_scope_not_administrator: {
    status: 400,
    title: 'current user should belong to Administrators group to create a token with this scope',
    when: 'Tokens of the scope clients-auth are for administrators.',
  },
  token_name_invalid: {
    status: 400,
    title: 'missing or invalid name.',
    detail: 'field name is required, 250 characters max',
    when: 'The name of a token has 1 to 249 bytes.',
  },
  token_name_taken: {
    status: 400,
    title: 'A token with the same name already exists',
    when: 'Choose another name, or delete the other token.',
  },
  token_prefix_invalid: {
    status: 400,
    title: 'missing or invalid token prefix.',
    when: 'The prefix of a token has 8 characters.',
  },
  token_not_found: {
    status: 404,
    title: 'cannot find API Token by prefix {prefix}',
    when: 'The caller has no token with this prefix.',
  },
  token_body_invalid: {
    status: 400,
    title: 'Invalid JSON data',
    detail: '{reason}',
    when: 'The body about a token is no JSON, has an unknown key or a value of the wrong type.',
  },
  too_many_tokens: {
    status: 400,
    title: 'You have {max} API tokens already.',
    when: 'Delete those that are not used any more.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

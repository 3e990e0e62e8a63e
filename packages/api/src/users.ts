import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { UserView } from './me.ts'
import { data, empty } from './reply.ts'
import { TimeText } from './text/time-text.ts'

/** Longest name of a user or user group, in characters. */
const MAX_NAME_CHARS = 1000
/** User groups of one user. */
const MAX_GROUPS = 1000

const userFields = z.object({
  username: z.string().max(MAX_NAME_CHARS).optional(),
  password: z.string().max(4096).optional().meta({ format: 'password' }),
  password_expired: z.boolean().optional().meta({ description: 'true also ends every session of the user.' }),
  groups: z
    .array(z.string().min(1).max(MAX_NAME_CHARS))
    .max(MAX_GROUPS)
    .optional()
    .meta({ description: 'Replaces all groups; absent leaves them.' }),
  two_fa_send_to: z.string().max(4096).optional(),
  totp_secret: z
    .string()
    .max(2000)
    .optional()
    .meta({ format: 'password', description: 'otpauth URL of an authenticator app that the user has already.' }),
})

/** A login that lives. */
export const SessionView = z
  .object({
    session_id: z.int(),
    expires_at: TimeText,
    last_access_at: TimeText,
    username: z.string(),
    user_agent: z.string(),
    ip_address: z.string(),
  })
  .meta({ id: 'Session' })
export type SessionView = z.output<typeof SessionView>

const rules = [
  'users_not_changeable',
  'username_whitespace',
  'username_invalid',
  'username_taken',
  'password_too_short',
  'password_too_long',
  'password_too_guessable',
  'two_fa_send_to_invalid',
  'totp_disabled',
  'totp_secret_invalid',
  'user_group_name_invalid',
] as const

/** Accounts of people, for administrators. */
export const users = resource('Users', {
  list: endpoint({
    method: 'GET',
    path: '/users',
    summary: 'List all users',
    auth: 'user',
    admin: true,
    reply: data(z.array(UserView)),
    errors: ['users_not_changeable'],
  }),

  create: endpoint({
    method: 'POST',
    path: '/users',
    summary: 'Create a user',
    auth: 'user',
    admin: true,
    audit: ['auth.user', 'create'],
    body: userFields,
    reply: empty(201),
    errors: [...rules, 'user_name_required', 'user_password_required', 'user_two_fa_send_to_required'],
  }),

  update: endpoint({
    method: 'PUT',
    path: '/users/{user_id}',
    summary: 'Change a user',
    description:
      'A new name or password, or an expired one, ends every session of the user; a new name ends his API tokens, too.',
    auth: 'user',
    admin: true,
    audit: ['auth.user', 'update'],
    body: userFields,
    reply: empty(),
    errors: [...rules, 'user_unknown', 'nothing_to_change', 'last_administrator'],
  }),

  delete: endpoint({
    method: 'DELETE',
    path: '/users/{user_id}',
    summary: 'Delete a user with his sessions and API tokens',
    auth: 'user',
    admin: true,
    audit: ['user', 'delete'],
    reply: empty(),
    errors: ['users_not_changeable', 'user_unknown', 'last_administrator'],
  }),

  listSessions: endpoint({
    method: 'GET',
    path: '/users/{user_id}/sessions',
    summary: 'List the living sessions of a user, the one that was used longest ago first',
    auth: 'user',
    admin: true,
    reply: data(z.array(SessionView)),
    errors: [],
  }),

  endSessions: endpoint({
    method: 'DELETE',
    path: '/users/{user_id}/sessions',
    summary: 'End all sessions of a user',
    auth: 'user',
    admin: true,
    audit: ['auth.api.sessions', 'delete'],
    reply: empty(),
    errors: [],
  }),

  endSession: endpoint({
    method: 'DELETE',
    path: '/users/{user_id}/sessions/{session_id}',
    summary: 'End one session of a user',
    auth: 'user',
    admin: true,
    audit: ['auth.api.session', 'delete'],
    reply: empty(),
    errors: ['session_id_invalid'],
  }),
})

import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import type { Permission } from './permissions.ts'
import { data, empty } from './reply.ts'

/** The eight function permissions, all always present. */
export const PermissionsView = z
  .object({
    tunnels: z.boolean(),
    scripts: z.boolean(),
    commands: z.boolean(),
    vault: z.boolean(),
    scheduler: z.boolean(),
    monitoring: z.boolean(),
    uploads: z.boolean(),
    auditlog: z.boolean(),
  } satisfies Record<Permission, unknown>)
  .meta({ id: 'Permissions' })
export type PermissionsView = z.output<typeof PermissionsView>

/** A user as it is seen from outside. */
export const UserView = z
  .object({
    username: z.string(),
    password_expired: z.boolean().meta({ description: 'Always false for the own account.' }),
    groups: z.array(z.string()).nullable().meta({ description: 'null without any.' }),
    two_fa_send_to: z.string(),
    effective_user_permissions: PermissionsView.nullable(),
    effective_extended_permissions: z.object({
      tunnels_restricted: z.array(z.record(z.string(), z.unknown())).nullable(),
      commands_restricted: z.array(z.record(z.string(), z.unknown())).nullable(),
    }),
    group_permissions_enabled: z.boolean(),
  })
  .meta({ id: 'User' })
export type UserView = z.output<typeof UserView>

/** The own account. */
export const me = resource('Own account', {
  get: endpoint({
    method: 'GET',
    path: '/me',
    summary: 'Show the own account',
    auth: 'user',
    reply: data(UserView),
    errors: ['user_not_found'],
  }),

  update: endpoint({
    method: 'PUT',
    path: '/me',
    summary: 'Change the own name, password or address for second factors',
    auth: 'user',
    audit: ['auth.user.me', 'update'],
    body: z.object({
      username: z.string().max(1000).optional(),
      password: z.string().max(4096).optional().meta({ format: 'password' }),
      old_password: z.string().max(4096).optional().meta({ format: 'password' }),
      two_fa_send_to: z.string().max(4096).optional(),
    }),
    reply: empty(),
    errors: [
      'user_not_found',
      'single_user_operation',
      'nothing_to_change',
      'username_whitespace',
      'username_invalid',
      'username_taken',
      'password_too_short',
      'password_too_long',
      'password_too_guessable',
      'two_fa_send_to_invalid',
      'old_password_missing',
      'old_password_incorrect',
    ],
  }),

  ip: endpoint({
    method: 'GET',
    path: '/me/ip',
    summary: 'Show the address the caller is seen under',
    auth: 'user',
    reply: data(z.object({ ip: z.string() }).meta({ id: 'CallerAddress' })),
    errors: [],
  }),
})

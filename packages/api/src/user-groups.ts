import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { PermissionsView } from './me.ts'
import { data, empty } from './reply.ts'

const Restriction = z.record(z.string(), z.unknown())

/** A user group as it is seen from outside. */
export const UserGroupView = z
  .object({
    name: z.string(),
    permissions: PermissionsView,
    tunnels_restricted: Restriction.nullable(),
    commands_restricted: Restriction.nullable(),
  })
  .meta({ id: 'UserGroup' })
export type UserGroupView = z.output<typeof UserGroupView>

/** What the members of a group may do. */
export const userGroups = resource('User groups', {
  list: endpoint({
    method: 'GET',
    path: '/user-groups',
    summary: 'List all user groups',
    description: 'Those with details by name, then those that exist only because somebody is in them.',
    auth: 'user',
    admin: true,
    reply: data(z.array(UserGroupView).nullable()),
    errors: ['user_groups_of_configuration', 'user_groups_of_file'],
  }),

  get: endpoint({
    method: 'GET',
    path: '/user-groups/{group_name}',
    summary: 'Show one user group',
    description: 'A group that nobody has described grants nothing; Administrators grants everything then.',
    auth: 'user',
    admin: true,
    reply: data(UserGroupView),
    errors: ['users_not_changeable', 'user_groups_of_file'],
  }),

  update: endpoint({
    method: 'PUT',
    path: '/user-groups/{group_name}',
    summary: 'Create a user group or replace what it grants',
    auth: 'user',
    admin: true,
    audit: ['auth.user.group', 'update'],
    body: z.object({
      name: z.string().optional().meta({ description: 'Ignored: the path names the group.' }),
      permissions: z.record(z.string(), z.boolean()).optional().meta({ description: 'Absent ones are false.' }),
      tunnels_restricted: Restriction.nullable().optional(),
      commands_restricted: Restriction.nullable().optional(),
    }),
    reply: data(UserGroupView),
    errors: [
      'users_not_changeable',
      'user_groups_of_file',
      'user_group_details_missing',
      'user_group_name_invalid',
      'restriction_invalid',
      'restrictions_not_storable',
    ],
  }),

  delete: endpoint({
    method: 'DELETE',
    path: '/user-groups/{group_name}',
    summary: 'Delete a user group and all memberships in it',
    auth: 'user',
    admin: true,
    audit: ['auth.user.group', 'delete'],
    reply: empty(),
    errors: ['users_not_changeable', 'user_groups_of_file', 'user_group_details_missing', 'last_administrator'],
  }),
})

import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { listGrammar } from './lists/list-grammar.ts'
import { data, empty, page } from './reply.ts'

/** Patterns of one parameter. */
const MAX_PATTERNS = 1000
const MAX_PATTERN_CHARS = 1000

const Patterns = z.array(z.string().max(MAX_PATTERN_CHARS)).max(MAX_PATTERNS)
const patterns = Patterns.nullable().default(null)

/** What clients must be like to belong to a group: every parameter holds by one of its patterns. */
export const ClientGroupParams = z
  .object({
    client_id: patterns,
    name: patterns,
    os: patterns,
    os_arch: patterns,
    os_family: patterns,
    os_kernel: patterns,
    hostname: patterns,
    ipv4: patterns,
    ipv6: patterns,
    tag: z
      .union([Patterns, z.record(z.string(), Patterns)])
      .nullable()
      .default(null)
      .meta({ description: 'A list, of which one is enough, or `{"or": […]}`, or `{"and": […]}`: all of them.' }),
    version: patterns,
    address: patterns,
    client_auth_id: patterns,
    connection_state: patterns,
  })
  .meta({ id: 'ClientGroupParams' })
export type ClientGroupParams = z.output<typeof ClientGroupParams>

const fieldNames = [
  'id',
  'description',
  'params',
  'allowed_user_groups',
  'client_ids',
  'num_clients',
  'num_clients_connected',
] as const
export type ClientGroupField = (typeof fieldNames)[number]

/** Query of the list of client groups. */
export const clientGroupList = listGrammar({
  sort: ['id', 'description'],
  filter: ['id', 'description'],
  fields: { client_groups: fieldNames },
  defaultFields: { client_groups: ['id', 'description'] },
  page: { default: 50, max: 500 },
})

/** Query of one client group. */
export const clientGroupFields = listGrammar({ fields: { client_groups: fieldNames } })

/** A client group; clients are those that the caller may see. */
export const ClientGroupView = z
  .object({
    id: z.string(),
    description: z.string(),
    params: ClientGroupParams,
    allowed_user_groups: z.array(z.string()).nullable(),
    client_ids: z.array(z.string()).nullable().meta({ description: 'null without any.' }),
    num_clients: z.int(),
    num_clients_connected: z.int(),
  })
  .partial()
  .meta({ id: 'ClientGroup' })
export type ClientGroupView = z.output<typeof ClientGroupView>

const body = z.object({
  id: z.string().max(1000).default('').meta({ 'x-required': true, maxLength: 30, pattern: '^[A-Za-z0-9_*-]+$' }),
  description: z.string().max(4096).default(''),
  params: ClientGroupParams.optional().meta({ 'x-required': true }),
  allowed_user_groups: z.array(z.string().max(1000)).max(1000).nullable().default(null),
  client_ids: z.array(z.string()).nullable().optional().meta({ description: 'Ignored: the parameters decide.' }),
  num_clients: z.int().optional().meta({ description: 'Ignored.' }),
  num_clients_connected: z.int().optional().meta({ description: 'Ignored.' }),
})

/** Groups of clients, by what the clients are like. */
export const clientGroups = resource('Client groups', {
  list: endpoint({
    method: 'GET',
    path: '/client-groups',
    summary: 'List client groups',
    description: 'Others than administrators see the groups that have a client they may see.',
    auth: 'user',
    list: clientGroupList,
    reply: page(ClientGroupView),
    errors: [],
  }),

  get: endpoint({
    method: 'GET',
    path: '/client-groups/{group_id}',
    summary: 'Show one client group',
    auth: 'user',
    list: clientGroupFields,
    reply: data(ClientGroupView),
    errors: ['client_group_not_found'],
  }),

  create: endpoint({
    method: 'POST',
    path: '/client-groups',
    summary: 'Create a client group',
    auth: 'user',
    admin: true,
    audit: ['client.group', 'create'],
    body,
    reply: empty(201),
    errors: ['client_group_invalid', 'client_group_exists', 'too_many_client_groups'],
  }),

  update: endpoint({
    method: 'PUT',
    path: '/client-groups/{group_id}',
    summary: 'Replace a client group, or create it',
    auth: 'user',
    admin: true,
    audit: ['client.group', 'update'],
    body,
    reply: empty(),
    errors: ['client_group_other_id', 'client_group_invalid', 'too_many_client_groups'],
  }),

  delete: endpoint({
    method: 'DELETE',
    path: '/client-groups/{group_id}',
    summary: 'Delete a client group; its clients stay',
    auth: 'user',
    admin: true,
    audit: ['client.group', 'delete'],
    reply: empty(),
    errors: [],
  }),
})

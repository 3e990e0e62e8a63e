import { z } from 'zod'
import { PartialClientView } from './client-view.ts'
import { endpoint, resource } from './endpoint.ts'
import { listGrammar } from './lists/list-grammar.ts'
import { data, empty, page } from './reply.ts'

const filterNames = [
  'id',
  'name',
  'os',
  'os_arch',
  'os_family',
  'os_kernel',
  'os_full_name',
  'os_version',
  'os_virtualization_system',
  'os_virtualization_role',
  'cpu_family',
  'cpu_model',
  'cpu_model_name',
  'cpu_vendor',
  'num_cpus',
  'timezone',
  'hostname',
  'ipv4',
  'ipv6',
  'tags',
  'labels',
  'version',
  'address',
  'client_auth_id',
  'allowed_user_groups',
  'groups',
  'connection_state',
] as const

const fieldNames = [
  ...filterNames,
  'mem_total',
  'tunnels',
  'disconnected_at',
  'last_heartbeat_at',
  'updates_status',
  // compat: asked for under this name, answered as ext_ip_addresses
  'ip_addresses',
  'client_configuration',
] as const

/** A name that `fields[clients]` may pick. */
export type ClientField = (typeof fieldNames)[number]

/** A name that clients can be filtered by. */
export type ClientFilterName = (typeof filterNames)[number]

/** Query of the list of clients. */
export const clientList = listGrammar({
  sort: ['id', 'name', 'os', 'hostname', 'version'],
  singleSort: 'clients',
  filter: filterNames,
  fields: { clients: fieldNames },
  defaultFields: { clients: ['id', 'name', 'hostname'] },
  page: { default: 50, max: 500 },
})

/** Query of one client. */
export const clientFields = listGrammar({ fields: { clients: fieldNames } })

/** Query of the list of tags. */
export const clientTagList = listGrammar({
  sort: [],
  filter: [],
  fields: { client_tags: ['tag', 'client_ids'] },
  page: { default: 50, max: 500 },
})

/** A tag and the clients that carry it. */
export const ClientTagView = z
  .object({ tag: z.string(), client_ids: z.array(z.string()) })
  .partial()
  .meta({ id: 'ClientTag' })
export type ClientTagView = z.output<typeof ClientTagView>

/** The managed machines. */
export const clients = resource('Clients', {
  list: endpoint({
    method: 'GET',
    path: '/clients',
    summary: 'List the clients that the caller has access to',
    description: 'Shows id, name and hostname unless `fields[clients]` asks for other fields.',
    auth: 'user',
    list: clientList,
    reply: page(PartialClientView),
    errors: [],
  }),

  get: endpoint({
    method: 'GET',
    path: '/clients/{client_id}',
    summary: 'Show one client',
    auth: 'user',
    clientAccess: true,
    list: clientFields,
    reply: data(PartialClientView),
    errors: [],
  }),

  delete: endpoint({
    method: 'DELETE',
    path: '/clients/{client_id}',
    summary: 'Forget a disconnected client',
    auth: 'user',
    clientAccess: true,
    admin: true,
    audit: ['client', 'delete'],
    reply: empty(),
    errors: ['client_active'],
  }),

  release: endpoint({
    method: 'POST',
    path: '/clients/{client_id}/release',
    summary: 'Release the id of a client from its credential',
    description:
      'An id belongs to the credential that registered it. After this the next agent that comes with the id gets it, whatever credential it uses. The client must be disconnected.',
    auth: 'user',
    admin: true,
    clientAccess: true,
    audit: ['client', 'update'],
    reply: empty(),
    errors: ['client_active'],
  }),

  listTags: endpoint({
    method: 'GET',
    path: '/client-tags',
    summary: 'List the tags of the clients that the caller has access to',
    auth: 'user',
    list: clientTagList,
    reply: page(ClientTagView),
    errors: [],
  }),
})

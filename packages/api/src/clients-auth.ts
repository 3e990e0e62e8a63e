import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { listGrammar } from './lists/list-grammar.ts'
import { data, empty, page } from './reply.ts'
import { lateText } from './text/query-text.ts'

/** Query of the list of credentials. */
export const clientAuthList = listGrammar({ sort: [], filter: ['id'], page: { default: 50, max: 500 } })

/** A credential as it is seen from outside. */
export const ClientAuthView = z
  .object({ id: z.string(), password: z.string().meta({ description: 'Masked: it was shown to whoever created it.' }) })
  .meta({ id: 'ClientAuth' })
export type ClientAuthView = z.output<typeof ClientAuthView>

/** What agents log in with. */
export const clientsAuth = resource('Client credentials', {
  list: endpoint({
    method: 'GET',
    path: '/clients-auth',
    summary: 'List the credentials of agents',
    auth: 'user',
    admin: true,
    list: clientAuthList,
    reply: page(ClientAuthView),
    errors: ['client_auth_store_failed'],
  }),

  get: endpoint({
    method: 'GET',
    path: '/clients-auth/{client_auth_id}',
    summary: 'Show one credential',
    auth: 'user',
    admin: true,
    reply: data(ClientAuthView),
    errors: ['client_auth_unknown', 'client_auth_store_failed'],
  }),

  create: endpoint({
    method: 'POST',
    path: '/clients-auth',
    summary: 'Create a credential',
    description: 'The password is never shown again.',
    auth: 'user',
    admin: true,
    audit: ['client.auth', 'create'],
    body: z.object({
      id: z.string().max(4096).default('').meta({ 'x-required': true, minLength: 3 }),
      password: z.string().max(4096).default('').meta({ 'x-required': true, minLength: 3, format: 'password' }),
    }),
    reply: empty(201),
    errors: [
      'client_auth_single',
      'client_auth_read_only',
      'client_auth_id_invalid',
      'client_auth_password_invalid',
      'client_auth_exists',
      'client_auth_store_failed',
    ],
  }),

  delete: endpoint({
    method: 'DELETE',
    path: '/clients-auth/{client_auth_id}',
    summary: 'Delete a credential',
    description: 'Its agents are disconnected at once and cannot log in again.',
    auth: 'user',
    admin: true,
    audit: ['client.auth', 'delete'],
    query: z.object({
      force: lateText({
        type: 'boolean',
        default: false,
        description: 'Delete the clients that belong to it, too.',
      }).optional(),
    }),
    reply: empty(),
    errors: [
      'client_auth_single',
      'client_auth_read_only',
      'client_auth_force_invalid',
      'client_auth_not_found',
      'client_auth_has_clients',
      'client_auth_store_failed',
    ],
  }),
})

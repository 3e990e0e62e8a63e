import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { listGrammar } from './lists/list-grammar.ts'
import { data, empty } from './reply.ts'
import { TimeText } from './text/time-text.ts'

/** What an API token may be used for. */
export const tokenScopes = ['read', 'read+write', 'clients-auth'] as const
export type ApiTokenScope = (typeof tokenScopes)[number]

const tokenFields = ['prefix', 'name', 'created_at', 'expires_at', 'scope', 'last_used_at'] as const

/** Query of the list of API tokens. */
export const apiTokenList = listGrammar({
  fields: { tokens: tokenFields },
  defaultFields: { tokens: ['prefix', 'name', 'created_at', 'expires_at', 'scope'] },
})

/** An API token as its owner sees it later. */
export const ApiTokenView = z
  .object({
    prefix: z.string(),
    name: z.string(),
    created_at: TimeText.nullable(),
    expires_at: TimeText.nullable(),
    scope: z.enum(tokenScopes),
    last_used_at: TimeText.nullable().meta({ description: 'To the minute; only when asked for by `fields[tokens]`.' }),
  })
  .partial()
  .meta({ id: 'ApiToken' })
export type ApiTokenView = z.output<typeof ApiTokenView>

const ExpiresAt = z.iso.datetime({ offset: true }).max(64).optional().meta({ format: 'date-time' })

const gone = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: '/me/token' | '/me/token/{prefix}') =>
  endpoint({
    method,
    path,
    summary: 'Gone: use /me/tokens',
    auth: 'user',
    reply: empty(),
    errors: ['token_management_moved'],
  })

/** API tokens of the own account, and where they once were. */
export const meTokens = resource('Own API tokens', {
  list: endpoint({
    method: 'GET',
    path: '/me/tokens',
    summary: 'List the own API tokens',
    auth: 'user',
    list: apiTokenList,
    reply: data(z.array(ApiTokenView)),
    errors: ['user_not_found'],
  }),

  create: endpoint({
    method: 'POST',
    path: '/me/tokens',
    summary: 'Create an API token',
    description:
      'The token is shown this once. It is the password of HTTP Basic: `read` for GET, `read+write` for everything, ' +
      '`clients-auth` for nothing but the credentials of agents.',
    auth: 'user',
    audit: ['auth.user.me.token', 'create'],
    body: z.object({
      scope: z
        .string()
        .default('')
        .meta({ enum: [...tokenScopes], 'x-required': true }),
      name: z.string().default('').meta({ minLength: 1, maxLength: 249, 'x-required': true }),
      expires_at: ExpiresAt.meta({ description: 'Default: in one year.' }),
    }),
    bodyFault: 'token_body_invalid',
    reply: data(
      z
        .object({ prefix: z.string(), expires_at: TimeText, scope: z.enum(tokenScopes), token: z.string() })
        .meta({ id: 'NewApiToken' }),
    ),
    errors: [
      'user_not_found',
      'token_scope_invalid',
      'token_scope_not_administrator',
      'token_name_invalid',
      'token_name_taken',
      'too_many_tokens',
    ],
  }),

  update: endpoint({
    method: 'PUT',
    path: '/me/tokens/{prefix}',
    summary: 'Change name or expiry of an own API token',
    auth: 'user',
    audit: ['auth.user.me.token', 'update'],
    body: z.object({ name: z.string().optional(), expires_at: ExpiresAt }),
    bodyFault: 'token_body_invalid',
    reply: data(
      z
        .object({ prefix: z.string(), name: z.string().optional(), expires_at: TimeText.optional() })
        .meta({ id: 'ChangedApiToken' }),
    ),
    errors: ['token_prefix_invalid', 'token_not_found', 'token_name_invalid', 'token_name_taken'],
  }),

  delete: endpoint({
    method: 'DELETE',
    path: '/me/tokens/{prefix}',
    summary: 'Delete an own API token',
    auth: 'user',
    audit: ['auth.user.me.token', 'delete'],
    reply: empty(),
    errors: ['token_prefix_invalid', 'token_not_found'],
  }),

  getOld: gone('GET', '/me/token'),
  createOld: gone('POST', '/me/token'),
  updateOld: gone('PUT', '/me/token/{prefix}'),
  deleteOld: gone('DELETE', '/me/token/{prefix}'),
})

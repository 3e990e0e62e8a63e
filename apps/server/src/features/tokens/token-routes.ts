import { type ApiTokenView, apiError, meTokens, toTimeText } from '@rport/api'
import { type RouteSet, routes } from '../../http/index.ts'
import type { TokenService } from './token-service.ts'
import type { ApiToken } from './token-store.ts'

const moved = () => {
  throw apiError('token_management_moved')
}

/** The operations of packages/api/src/me-tokens.ts. */
export const tokenRoutes = (service: TokenService): RouteSet =>
  routes(meTokens, {
    list: async ({ actor, list }) =>
      (await service.listOf(actor.username)).map((token) => toTokenView(token, list.fields?.tokens ?? [])),
    async create({ actor, body }) {
      const expiresAt = toInstant(body.expires_at)
      const { token, text } = await service.create(actor, { name: body.name, scope: body.scope, expiresAt })
      return { prefix: token.prefix, expires_at: toTimeText(token.expiresAt), scope: token.scope, token: text }
    },
    async update({ actor, params, body }) {
      const expiresAt = toInstant(body.expires_at)
      const change = {
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      }
      await service.update(actor.username, params.prefix, change)
      // compat: the answer repeats what was asked for
      return {
        prefix: params.prefix,
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(expiresAt === undefined ? {} : { expires_at: toTimeText(expiresAt) }),
      }
    },
    delete: ({ actor, params }) => service.delete(actor.username, params.prefix),
    getOld: moved,
    createOld: moved,
    updateOld: moved,
    deleteOld: moved,
  })

const toInstant = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text))

const getters = {
  prefix: (token) => token.prefix,
  name: (token) => token.name,
  created_at: (token) => toTimeText(token.createdAt),
  expires_at: (token) => toTimeText(token.expiresAt),
  scope: (token) => token.scope,
  last_used_at: (token) => (token.lastUsedAt === undefined ? null : toTimeText(token.lastUsedAt)),
} as const satisfies { readonly [K in keyof Required<ApiTokenView>]: (token: ApiToken) => ApiTokenView[K] }

const toTokenView = (token: ApiToken, fields: readonly (keyof typeof getters)[]): ApiTokenView =>
  Object.fromEntries(fields.map((field) => [field, getters[field](token)]))

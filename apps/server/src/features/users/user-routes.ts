import { apiError, parseIntText, type SessionView, toTimeText, type UserView, userGroups, users } from '@rport/api'
import { type RouteSet, routes } from '../../http/index.ts'
import { toUserGroupView } from './group-view.ts'
import type { User } from './user-directory.ts'
import type { UserGroupService } from './user-group-service.ts'
import type { UserInput, UserService } from './user-service.ts'

/** A living session as it is shown. Instants in milliseconds since 1970. */
export interface ShownSession {
  readonly sessionId: number
  readonly username: string
  readonly expiresAt: number
  readonly lastAccessAt: number
  readonly userAgent: string
  readonly address: string
}

/** What administrators do with the sessions of others. */
export interface SessionsOfUsers {
  listOf(username: string): Promise<readonly ShownSession[]>
  end(username: string, sessionId: number): Promise<boolean>
  endAllOf(username: string): Promise<void>
}

export interface UserRoutesDeps {
  readonly service: UserService
  readonly groups: UserGroupService
  readonly sessions: SessionsOfUsers
}

/** The operations of packages/api/src/users.ts and user-groups.ts. */
export const userRoutes = ({ service, groups, sessions }: UserRoutesDeps): RouteSet => [
  ...routes(users, {
    list: async () => (await service.list()).map(toUserView),
    create: ({ body }) => service.create(toInput(body)),
    update: ({ params, body }) => service.update(params.user_id, toInput(body)),
    delete: ({ params }) => service.delete(params.user_id),
    listSessions: async ({ params }) => (await sessions.listOf(params.user_id)).map(toSessionView),
    endSessions: ({ params }) => sessions.endAllOf(params.user_id),
    async endSession({ params }) {
      const sessionId = parseIntText(params.session_id)
      if (sessionId === undefined) {
        throw apiError('session_id_invalid', { sessionId: params.session_id.slice(0, 100), username: params.user_id })
      }
      await sessions.end(params.user_id, sessionId)
    },
  }),
  ...routes(userGroups, {
    async list() {
      const found = await groups.list()
      // compat: no group at all is null
      return found.length === 0 ? null : found.map(toUserGroupView)
    },
    get: async ({ params }) => toUserGroupView(await groups.get(params.group_name)),
    async update({ params, body, audit }) {
      const group = await groups.save(params.group_name, {
        permissions: body.permissions ?? {},
        tunnelsRestricted: body.tunnels_restricted ?? null,
        commandsRestricted: body.commands_restricted ?? null,
      })
      const view = toUserGroupView(group)
      // compat: what was asked for, with all that was left out.
      audit.note({ request: { ...view, name: body.name ?? '' } })
      return view
    },
    delete: ({ params }) => groups.delete(params.group_name),
  }),
]

const toInput = (body: {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly password_expired?: boolean | undefined
  readonly groups?: readonly string[] | undefined
  readonly two_fa_send_to?: string | undefined
  readonly totp_secret?: string | undefined
}): UserInput => ({
  username: body.username,
  password: body.password,
  passwordExpired: body.password_expired,
  groups: body.groups,
  twoFaSendTo: body.two_fa_send_to,
  totpSecret: body.totp_secret,
})

/** compat: lists say nothing about permissions. */
const toUserView = (user: User): UserView => ({
  username: user.username,
  password_expired: user.passwordExpired,
  groups: user.groups.length > 0 ? [...user.groups] : null,
  two_fa_send_to: user.twoFaSendTo,
  effective_user_permissions: null,
  effective_extended_permissions: { tunnels_restricted: null, commands_restricted: null },
  group_permissions_enabled: false,
})

const toSessionView = (session: ShownSession): SessionView => ({
  session_id: session.sessionId,
  expires_at: toTimeText(session.expiresAt),
  last_access_at: toTimeText(session.lastAccessAt),
  username: session.username,
  user_agent: session.userAgent,
  ip_address: session.address,
})

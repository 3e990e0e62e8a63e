import { API_PREFIX, apiError, type LoginView, login, signOnSettings } from '@rport/api'
import { type AuditNotes, type RouteSet, routes } from '../../http/index.ts'
import type { HeaderLogin } from './header-login.ts'
import type { LoginService } from './login-service.ts'
import { MADE_AT_LOGIN } from './made-at-login.ts'

export interface LoginRoutesDeps {
  readonly service: LoginService
  readonly headerLogin: HeaderLogin
  /** Name of the identity provider; undefined: the server logs users in itself. */
  readonly providerName: string | undefined
  /** Hours, as published; 0 = not set. */
  readonly maxTokenLifetimeHours: number
}

export const loginRoutes = ({ service, headerLogin, providerName, maxTokenLifetimeHours }: LoginRoutesDeps): RouteSet =>
  routes(login, {
    withBasic: async ({ credentials, query, origin, peer, headerValues, audit }) => {
      requireBuiltIn(providerName)
      const vouched = headerLogin.nameIn({ peer, headerValues })
      if (vouched !== undefined) {
        audit.note({ username: vouched })
        const { isNew, view } = await service.logInByProxy({
          username: vouched,
          lifetime: query['token-lifetime'],
          origin,
        })
        if (isNew) audit.note({ request: MADE_AT_LOGIN })
        return noted(audit, view)
      }
      if (credentials.kind !== 'basic') return service.refuseWithoutCredentials(origin)
      const { name: username, password } = credentials
      const lifetime = query['token-lifetime']
      return noted(audit, await service.logIn({ username, password, newPassword: '', lifetime, origin }))
    },

    withBody: async ({ body, query, origin, audit }) => {
      requireBuiltIn(providerName)
      const attempt = {
        username: body.username,
        password: body.password,
        newPassword: body.new_password,
        lifetime: query['token-lifetime'],
        origin,
      }
      return noted(audit, await service.logIn(attempt))
    },

    proveFactor: ({ actor, body, query, origin }) => {
      const lifetime = query['token-lifetime']
      return service.proveFactor({ actor, username: body.username, code: body.token, lifetime, origin })
    },

    logout: async ({ credentials, origin, audit }) => {
      if (credentials.kind !== 'bearer') throw apiError('bearer_required')
      audit.note({ username: await service.logOut(credentials.token, origin) })
    },

    provider: () => ({
      auth_provider: providerName ?? 'built-in',
      settings_uri: providerName === undefined ? '' : `${API_PREFIX}${signOnSettings.endpoints.browser.path}`,
      device_settings_uri: providerName === undefined ? '' : `${API_PREFIX}${signOnSettings.endpoints.device.path}`,
      max_token_lifetime: maxTokenLifetimeHours,
    }),
  })

/** Half a login is no login: the audit log says so. */
function noted(audit: AuditNotes, view: LoginView): LoginView {
  if (view.two_fa) audit.note({ response: { second_factor: 'due' } })
  return view
}

/** One way in is enough: a forgotten password must not be a way around the provider. @throws ApiError built_in_login_off */
function requireBuiltIn(providerName: string | undefined): void {
  if (providerName !== undefined) throw apiError('built_in_login_off')
}

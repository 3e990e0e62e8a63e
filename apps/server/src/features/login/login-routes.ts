import { apiError, login } from '@rport/api'
import { type RouteSet, routes } from '../../http/index.ts'
import type { LoginService } from './login-service.ts'

export interface LoginRoutesDeps {
  readonly service: LoginService
  /** Hours, as published; 0 = not set. */
  readonly maxTokenLifetimeHours: number
}

export const loginRoutes = ({ service, maxTokenLifetimeHours }: LoginRoutesDeps): RouteSet =>
  routes(login, {
    withBasic: async ({ credentials, query, origin }) => {
      if (credentials.kind !== 'basic') return service.refuseWithoutCredentials(origin)
      const { name: username, password } = credentials
      const lifetime = query['token-lifetime']
      return service.logIn({ username, password, newPassword: '', lifetime, origin })
    },

    withBody: ({ body, query, origin }) =>
      service.logIn({
        username: body.username,
        password: body.password,
        newPassword: body.new_password,
        lifetime: query['token-lifetime'],
        origin,
      }),

    logout: async ({ credentials, origin, audit }) => {
      if (credentials.kind !== 'bearer') throw apiError('bearer_required')
      audit.note({ username: await service.logOut(credentials.token, origin) })
    },

    provider: () => ({
      auth_provider: 'built-in',
      settings_uri: '',
      device_settings_uri: '',
      max_token_lifetime: maxTokenLifetimeHours,
    }),
  })

import { apiError, signOn, signOnSettings } from '@rport/api'
import { type RouteSet, routes } from '../../../http/index.ts'
import { MADE_AT_LOGIN } from '../made-at-login.ts'
import type { SignOnService } from './sign-on-service.ts'

/** @param service undefined: no provider is configured, and paths that only make sense with one do not exist */
export function signOnRoutes(service: SignOnService | undefined): RouteSet {
  const required = (): SignOnService => {
    if (!service) throw apiError('sign_on_off')
    return service
  }
  const settings = routes(signOnSettings, {
    browser: () => required().browserSettings(),
    device: () => required().deviceSettings(),
  })
  if (!service) return settings
  const finish = routes(signOn, {
    withCode: async ({ query, origin, audit }) => {
      const { view, isNew } = await service.withCode({
        code: query.code,
        state: query.state,
        lifetime: query['token-lifetime'],
        origin,
        onNamed: (username) => audit.note({ username }),
      })
      if (isNew) audit.note({ request: MADE_AT_LOGIN })
      return view
    },
    withDevice: async ({ query, origin, audit }) => {
      const { view, isNew } = await service.withDevice({
        deviceCode: query.device_code,
        lifetime: query['token-lifetime'],
        origin,
        onNamed: (username) => audit.note({ username }),
      })
      if (isNew) audit.note({ request: MADE_AT_LOGIN })
      return view
    },
  })
  return [...settings, ...finish]
}

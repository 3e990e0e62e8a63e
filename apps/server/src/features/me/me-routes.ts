import { me } from '@rport/api'
import { type RouteSet, routes } from '../../http/index.ts'
import type { MeService } from './me-service.ts'
import { toUserView } from './me-view.ts'

export const meRoutes = (service: MeService): RouteSet =>
  routes(me, {
    get: async ({ actor }) => toUserView(await service.get(actor)),
    update: ({ actor, body }) =>
      service.update(actor, {
        username: body.username,
        password: body.password,
        oldPassword: body.old_password,
        twoFaSendTo: body.two_fa_send_to,
      }),
    ip: ({ origin }) => ({ ip: origin.address }),
  })

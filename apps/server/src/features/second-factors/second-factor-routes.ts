import { secondFactors } from '@rport/api'
import { type RouteSet, routes } from '../../http/index.ts'
import type { TotpService } from './totp-service.ts'

/** The operations of packages/api/src/second-factors.ts. */
export const secondFactorRoutes = (service: TotpService): RouteSet =>
  routes(secondFactors, {
    getSecret: ({ actor }) => service.show(actor),
    createSecret: ({ actor }) => service.create(actor),
    confirmSecret: ({ actor, body, origin }) => service.confirm(actor, body.token, origin),
    deleteSecret: ({ actor }) => service.delete(actor),
    deleteSecretOf: ({ params }) => service.deleteOf(params.user_id),
    createRecoveryCodes: async ({ actor }) => ({ codes: await service.makeRecoveryCodes(actor) }),
    countRecoveryCodes: async ({ actor }) => ({ left: await service.countRecoveryCodes(actor) }),
  })

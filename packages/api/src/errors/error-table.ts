import { accessErrors } from './access-errors.ts'
import { accountErrors } from './account-errors.ts'
import { auditErrors } from './audit-errors.ts'
import { clientAuthErrors } from './client-auth-errors.ts'
import { clientErrors } from './client-errors.ts'
import { clientGroupErrors } from './client-group-errors.ts'
import { listErrors } from './list-errors.ts'
import { requestErrors } from './request-errors.ts'
import { secondFactorErrors } from './second-factor-errors.ts'
import { signOnErrors } from './sign-on-errors.ts'
import { tunnelErrors } from './tunnel-errors.ts'
import { userErrors } from './user-errors.ts'
import { vaultErrors } from './vault-errors.ts'

/** Every expected error of the API. The manual's page of errors is made from it. */
export const errorTable = {
  ...requestErrors,
  ...listErrors,
  ...accessErrors,
  ...accountErrors,
  ...secondFactorErrors,
  ...signOnErrors,
  ...userErrors,
  ...clientErrors,
  ...clientGroupErrors,
  ...clientAuthErrors,
  ...tunnelErrors,
  ...auditErrors,
  ...vaultErrors,
} as const

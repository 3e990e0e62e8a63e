/**
 * The own account: seeing it, changing its name and password.
 * Not for the accounts of others (features/users) nor for logging in (features/login).
 * Start at me-service.ts.
 */
export { meRoutes } from './me-routes.ts'
export { type Account, type AccountChange, createMeService, type MeService, type MeServiceDeps } from './me-service.ts'

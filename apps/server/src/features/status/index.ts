/**
 * What the server says about itself to users.
 * Not for metrics and health of the process, nor for gathering the facts: they are handed in.
 * Start at status-routes.ts.
 */
export { statusRoutes } from './status-routes.ts'

/**
 * Whether the server lives and whether it can work: for load balancers, orchestrators and people with curl.
 * Not for figures (features/metrics), nor for facts about the server that only its users may know (features/status).
 * Start at health.ts.
 */
export { createHealth, type Health, type HealthDeps } from './health.ts'

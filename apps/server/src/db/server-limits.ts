/** Bounds for database servers of others. A login waits for them, so they are shorter than an agent's patience. */
export const MAX_CONNECTIONS = 10
export const CONNECT_TIMEOUT_MS = 5000
export const QUERY_TIMEOUT_MS = 10_000
/** Connections that nobody used for so long are closed. */
export const IDLE_MS = 30_000
/** Questions that wait for a connection; more are refused at once. */
export const MAX_WAITING = 5000

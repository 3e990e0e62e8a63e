/**
 * Tunnels as the agent sees them: what the server may reach through this machine, and the way there.
 * Not for listening (the server does that) nor for the standing remotes of the configuration (config reads them).
 * Start at target-permission.ts: the agent's last word.
 */
export { checkPort } from './check-port.ts'
export { checkTunnelAllowed } from './check-tunnel-allowed.ts'
export { createTargetOpener, type TargetOpener } from './open-target.ts'
export { createTargetPermission, type ResolveHost, type TargetPermission } from './target-permission.ts'

/**
 * The agent's ways to a server: TCP, proxies, TLS, the WebSocket upgrade.
 * Not for what runs inside (ssh) nor for when to try again (the agent's link).
 * Start at open-link.ts.
 */
export { askPlainly, openLink, type PlainReply, type Way, type WayStep } from './open-link.ts'
export { type DialProxy, parseProxy } from './proxy.ts'

/**
 * How agent and server stay connected: SSH-2 inside binary WebSocket messages inside HTTP, both roles.
 * Not for what they say to each other: names and payloads of requests live in protocol.
 * Start at connection.ts (what a connection offers), then ssh/session.ts (how it is done).
 */
export type { Channel, ChannelOpen, ChannelRefusal, Lease } from './channel.ts'
export type { CloseReason, Connection, ConnectionHandlers, RequestOptions, RequestReply } from './connection.ts'
export { ChannelRefused, TransportError, type TransportErrorCode } from './errors.ts'

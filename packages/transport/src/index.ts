/**
 * How agent and server stay connected: SSH-2 inside binary WebSocket messages inside HTTP, both roles.
 * Not for what they say to each other: names and payloads of requests live in protocol.
 * Start at connection.ts (what a connection offers), then ssh/session.ts (how it is done).
 */
export { type AcceptOptions, acceptAgent, acceptLink } from './accept.ts'
export type { Channel, ChannelOpen, ChannelRefusal, Lease } from './channel.ts'
export type { CloseReason, Connection, ConnectionHandlers, RequestOptions, RequestReply } from './connection.ts'
export { askPlainly, type DialProxy, type PlainReply, parseProxy, type Way, type WayStep } from './dial/index.ts'
export { type DialOptions, dialServer, type LoginOptions, loginOverLink } from './dial.ts'
export { ChannelRefused, TransportError, type TransportErrorCode } from './errors.ts'
export { createKeepAlive, type KeepAlive, type KeepAlivePolicy, OWN_PEER_KEEP_ALIVE } from './keep-alive.ts'
export { pipeSocket, type SocketPipe } from './pipe-socket.ts'
export { fingerprintMatches, type HostKey, hostKeyFromSeed } from './ssh/algorithms/host-key.ts'
export { DEFAULT_LIMITS, type SshLimits } from './ssh/limits.ts'
export { MAX_REQUEST_BYTES } from './ssh/peer-requests.ts'
export { judgeUpgrade } from './ws/upgrade-server.ts'

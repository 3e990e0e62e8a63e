/**
 * What server and agent say to each other: named requests and their payloads, remotes, channel targets, rules on both.
 * Not for how it gets there (that is transport) and not for sockets, files or clocks: everything in here is pure.
 * Start at requests.ts (who asks whom what), then agent-request.ts (the machine), then one request such as check-port.ts.
 */
export {
  type AgentRequest,
  type AnswerOf,
  type AskOf,
  agentRequest,
  type Codec,
  dispatchRequest,
  RequestFailed,
  type RequestHandlers,
  type RequestOutcome,
  RequestRefused,
  type RequestSet,
  readReply,
  UNKNOWN_REQUEST,
} from './agent-request.ts'
export { type CheckPort, checkPort, type PortState } from './check-port.ts'
export { checkTunnelAllowed } from './check-tunnel-allowed.ts'
export { maskClientConfiguration } from './client-configuration.ts'
export { features } from './features.ts'
export { ZERO_TIME } from './go-fields.ts'
export { DecodeError, type Json, type JsonLimits, type JsonObject, parseBounded } from './go-json.ts'
export { type HostPort, parseHostPort } from './host-port.ts'
export { isHost, parsePort } from './host-text.ts'
export type { Inventory } from './inventory.ts'
export { type IpAddresses, ipAddresses } from './ip-addresses.ts'
export * as limits from './limits.ts'
export { ALREADY_CONNECTED, type ConnectionRequest, newConnection } from './new-connection.ts'
export { ping, pingProvesLife } from './ping.ts'
export {
  countPorts,
  formatPortRanges,
  hasPort,
  type PortRange,
  type PortRanges,
  PortRangesError,
  parsePortRanges,
  pickPort,
  portsFromRandom,
  subtractPorts,
  unionPorts,
} from './port-ranges.ts'
export { type Capabilities, putCapabilities } from './put-capabilities.ts'
export {
  formatRemote,
  parseCommandLineRemote,
  parseRemote,
  RemoteError,
  type RemoteSpec,
  type TunnelProtocol,
} from './remote.ts'
export { type RemoteRecord, remoteText, toRemoteRecord, writeRemoteRecord } from './remote-record.ts'
export { agentRequests, serverRequests } from './requests.ts'
export { matchRestored } from './restored-remotes.ts'
export { aclAllows, parseTunnelAcl, type TunnelAcl, TunnelAclError } from './tunnel-acl.ts'
export { isTargetAllowed, parseTunnelAllowed, TunnelAllowedError, type TunnelAllowedRule } from './tunnel-allowed.ts'
export {
  formatTunnelTarget,
  parseTunnelTarget,
  TUNNEL_CHANNEL,
  TUNNEL_NOT_ALLOWED,
  type TunnelTarget,
} from './tunnel-channel.ts'
export { type ClientMetadata, updateClientMetadata } from './update-client-metadata.ts'
export { type UpdateSummary, type UpdatesStatus, updatesStatus } from './updates-status.ts'

/**
 * The settings of `rport`: every key, flag and argument, what they mean together, and the frozen value for the features.
 * Not for how settings are read (that is @rport/config), and not for files, sockets or other machines.
 * Start at agent-config.ts for the value, at schema.ts for the keys.
 */
export type {
  AgentConfig,
  AgentMonitoringConfig,
  AgentTunnelsConfig,
  CommandsConfig,
  ConnectionConfig,
  FileReceptionConfig,
  IdentityConfig,
  InterpreterAlias,
  LoggingConfig,
  NetworkCard,
  ServerAddressConfig,
} from './agent-config.ts'
export { toClientConfiguration } from './client-configuration.ts'
export {
  type AgentSurroundings,
  type LoadedAgentConfig,
  loadAgentConfig,
} from './load-agent-config.ts'
export { agentProgram } from './schema.ts'
export type { ServiceAction, ServiceOrder } from './service-order.ts'

/**
 * The settings of `rportd`: every key and flag, what they mean together, and the frozen value that features are handed.
 * Not for how settings are read (that is @rport/config), and not for files, sockets or other machines.
 * Start at server-config.ts for the value, at schema.ts for the keys.
 */
export { type LoadedServerConfig, loadServerConfig } from './load-server-config.ts'
export { serverProgram } from './schema.ts'
export type {
  AgentsConfig,
  ApiConfig,
  ApiTlsConfig,
  ClientsAuthConfig,
  ClientsAuthSource,
  ClientsConfig,
  DatabaseConfig,
  ListenAddress,
  LockoutConfig,
  LoggingConfig,
  OAuthClient,
  OAuthConfig,
  PortPolicy,
  ServerConfig,
  TunnelsConfig,
  UsersConfig,
  UsersSource,
} from './server-config.ts'
export { isTunnelProxyConfigured } from './tunnel-proxy.ts'

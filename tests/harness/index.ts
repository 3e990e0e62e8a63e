/**
 * Starts the real programs and everything around them: targets, lines that break, OpenSSH, Go peers, networks.
 * Not for knowledge of the programs' inside: nothing here imports them, so they can be any build of the same contract.
 * Start at scope.ts (who ends what), then server.ts and agent.ts.
 */

export { type AcmeAuthority, buildAcmeAuthority, startAcmeAuthority } from './acme-authority.ts'
export { type AgentOptions, connected, disconnected, launchAgent, startAgent, type TestAgent } from './agent.ts'
export { type AgentFile, buildAgentFile } from './agent-file.ts'
export { type Api, type ApiReply, type ClientView, createApi, type TunnelView } from './api-client.ts'
export { type CertificateFiles, opensslMissing, putCertificate } from './certificates.ts'
export { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts'
export {
  mariadbMissing,
  postgresMissing,
  startMariadb,
  startPostgres,
  type TestDatabaseServer,
} from './databases.ts'
export { PATIENCE_MS, until, within } from './deadline.ts'
export { residentBytes, startFlood } from './flood.ts'
export {
  describeWithGo,
  type GoAgentOptions,
  type GoPeer,
  type GoServerOptions,
  goMissing,
  type PeerCommand,
  type PeerEvent,
  startGoAgent,
  startGoServer,
} from './go-peer.ts'
export { browse, type IdentityProvider, startIdentityProvider } from './identity-provider.ts'
export { createNetwork, networkMissing, type TestNetwork } from './network.ts'
export { type OpenSsh, sshdMissing, startOpenSsh } from './openssh.ts'
export { freePort, freePorts, freeTunnelPort, listen } from './ports.ts'
export { type Exit, type Program, type ProgramOptions, startProgram } from './program.ts'
export { ROOT, RPORT, RPORTD } from './programs.ts'
export { type RunResult, run } from './run.ts'
export { createScope, type Scope } from './scope.ts'
export {
  ADMIN,
  AGENT_AUTH,
  FINGERPRINT,
  KEY_SEED,
  type ServerOptions,
  startServer,
  type TestServer,
} from './server.ts'
export { createServerFolder, type ServerFolder } from './server-folder.ts'
export { createSmallDisk, type SmallDisk, smallDiskMissing } from './small-disk.ts'
export {
  startDigestTarget,
  startEchoTarget,
  startEndlessTarget,
  startHoldTarget,
  startHttpTarget,
  startStalledTarget,
  type Target,
} from './targets.ts'
export { mergeSettings, type Settings, toToml } from './toml.ts'
export { startTransferTarget, type TransferOptions, type TransferResult, transfer } from './transfer.ts'
export { createTurns } from './turns.ts'
export { createUserServer, startUserServer, type UserServer, type UserServerOptions } from './user-server.ts'
export { accepts, type OpenVisit, openVisit, type VisitOptions, visit } from './visitor.ts'

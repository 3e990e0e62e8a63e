import { readFile } from 'node:fs/promises'
import { type Clock, errorMessage, type Logger, version } from '@rport/kit'
import { type Connection, type DialOptions, dialServer, parseProxy } from '@rport/transport'
import type { ConnectionConfig, ServerAddressConfig } from '../config/index.ts'

/** The whole way: a server that lets a fleet in one after another may keep us waiting for the upgrade. */
const CONNECT_TIMEOUT_MS = 30_000
/** An address that swallows packets shall not keep the agent from its fallback: a server that is there takes a connection at once. */
const REACH_TIMEOUT_MS = 15_000

export interface DialDeps {
  readonly server: ServerAddressConfig
  readonly connection: Pick<ConnectionConfig, 'headers' | 'hostname' | 'caFile'>
  readonly clock: Clock
  readonly log: Logger
}

/** Connects to a server as the settings say, and logs in. @throws TransportError; Error when the file of authorities cannot be read */
export function createDial(deps: DialDeps): (server: string, signal: AbortSignal) => Promise<Connection> {
  const { server, log } = deps
  const onFingerprint = (fingerprint: string) => {
    if (server.fingerprint !== undefined) return
    log.warn({ fingerprint }, 'any server is trusted: set client.fingerprint to the one shown here to pin it')
  }
  return async (address, signal) => dialServer({ ...(await toDialOptions(address, deps)), onFingerprint, signal })
}

/** What the settings say about the way to `address` and the login there. @throws Error when the file of authorities cannot be read */
export async function toDialOptions(address: string, deps: DialDeps): Promise<DialOptions> {
  const { server, connection, clock, log } = deps
  const proxy = server.proxyUrl && parseProxy(server.proxyUrl.reveal())
  return {
    url: new URL(address),
    headers: {
      'User-Agent': `rport ${version}`,
      ...Object.fromEntries(connection.headers.map(({ name, value }) => [name, value.reveal()])),
    },
    ...(connection.hostname === undefined ? {} : { hostHeader: connection.hostname }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(server.bindInterface === undefined ? {} : { bindInterface: server.bindInterface }),
    ...(connection.caFile === undefined ? {} : { ca: await readAuthorities(connection.caFile) }),
    fingerprint: server.fingerprint ?? '',
    clientAuthId: server.auth?.id ?? '',
    password: server.auth?.password.reveal() ?? '',
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    reachTimeoutMs: REACH_TIMEOUT_MS,
    clock,
    log,
  }
}

/** Read at each attempt: the file may be renewed, or come with a later mount. */
async function readAuthorities(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Error(`the file of connection.ca_file cannot be read: ${errorMessage(error)}`)
  }
}

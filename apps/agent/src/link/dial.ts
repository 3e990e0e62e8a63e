import { readFile } from 'node:fs/promises'
import { type Clock, errorMessage, type Logger, version } from '@rport/kit'
import { type Connection, dialServer, parseProxy } from '@rport/transport'
import type { ConnectionConfig, ServerAddressConfig } from '../config/index.ts'

/** The whole way: a server that lets a fleet in one after another may keep us waiting for the upgrade. */
const CONNECT_TIMEOUT_MS = 30_000

/** Connects to a server as the settings say, and logs in. @throws TransportError; Error when the file of authorities cannot be read */
export function createDial(deps: {
  server: ServerAddressConfig
  connection: Pick<ConnectionConfig, 'headers' | 'hostname' | 'caFile'>
  clock: Clock
  log: Logger
}): (server: string, signal: AbortSignal) => Promise<Connection> {
  const { server, connection, clock, log } = deps
  const proxy = server.proxyUrl && parseProxy(server.proxyUrl.reveal())
  const headers = {
    'User-Agent': `rport ${version}`,
    ...Object.fromEntries(connection.headers.map(({ name, value }) => [name, value.reveal()])),
  }
  const onFingerprint = (fingerprint: string) => {
    if (server.fingerprint !== undefined) return
    log.warn({ fingerprint }, 'any server is trusted: set client.fingerprint to the one shown here to pin it')
  }
  return async (address, signal) =>
    dialServer({
      url: new URL(address),
      headers,
      ...(connection.hostname === undefined ? {} : { hostHeader: connection.hostname }),
      ...(proxy === undefined ? {} : { proxy }),
      ...(server.bindInterface === undefined ? {} : { bindInterface: server.bindInterface }),
      ...(connection.caFile === undefined ? {} : { ca: await readAuthorities(connection.caFile) }),
      fingerprint: server.fingerprint ?? '',
      clientAuthId: server.auth?.id ?? '',
      password: server.auth?.password.reveal() ?? '',
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      onFingerprint,
      signal,
      clock,
      log,
    })
}

/** Read at each attempt: the file may be renewed, or come with a later mount. */
async function readAuthorities(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Error(`the file of connection.ca_file cannot be read: ${errorMessage(error)}`)
  }
}

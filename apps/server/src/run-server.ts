import { type DataFolder, isTerminal, type LogOutput, openDataFolder, openLogFile } from '@rport/host'
import { type Clock, errorMessage, joinHostPort, type Logger, version } from '@rport/kit'
import { type ApiCertificates, openApiCertificates } from './api-certificates.ts'
import { refuseUnfinishedRestore } from './backup/index.ts'
import { composeServer, type RunningServer } from './compose.ts'
import { openStores, type Stores } from './compose-stores.ts'
import type { ServerConfig } from './config/index.ts'
import type { ConnectorProcess } from './connectors/index.ts'
import { loadAuditKey } from './features/auditlog/index.ts'
import { loadKeySeed, prepareFirstStart } from './features/first-start/index.ts'
import { loadJwtSecret } from './features/login/index.ts'
import { openCodeDelivery } from './features/second-factors/index.ts'
import { createPasswords } from './passwords/index.ts'
import { toReachableUrl } from './reachable-url.ts'

export interface RunDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Starts a connector process, or takes one that was started before. */
  readonly forkConnector: () => ConnectorProcess
  /** Prints to the terminal, past the log. */
  readonly print: (text: string) => void
  /** Whether the process runs as root: then the line for agents says how they may, too. */
  readonly isRoot: boolean
}

/** A server that listens. */
export interface LiveServer {
  /**
   * Takes over what can change while the server runs. Never rejects: what is wrong is logged, the old stays.
   * @returns what was looked at anew, in words
   */
  reload(): Promise<readonly string[]>
  /** Ends everything. Idempotent. */
  close(): Promise<void>
}

/**
 * Takes the data folder, opens what is kept in it, makes what a first start needs, listens.
 * @throws StartError or DatabaseError; everything that was opened is closed again
 */
export async function runServer(config: ServerConfig, deps: RunDeps): Promise<LiveServer> {
  const { clock, log } = deps
  let folder: DataFolder | undefined
  let stores: Stores | undefined
  let certificates: ApiCertificates | undefined
  let accessLog: LogOutput | undefined
  let server: RunningServer | undefined
  const close = async () => {
    await server?.close()
    accessLog?.close()
    await certificates?.close()
    await stores?.close()
    await folder?.close()
  }
  try {
    folder = await openDataFolder(config.dataDir, { program: 'rportd', clock })
    const dataDir = folder.path
    await refuseUnfinishedRestore(dataDir)
    log.info({ version, dataDir, newFolder: folder.isNew }, 'rportd starts')
    const keySeed = await loadKeySeed({ configured: config.agents.keySeed, dataDir, log })
    const jwtSecret = await loadJwtSecret({ configured: config.users.jwtSecret, dataDir, log })
    const auditKey = await loadAuditKey({ dataDir, log })
    const codeDelivery = await openCodeDelivery({
      ...config.users.twoFactor,
      baseUrl: config.api.baseUrl,
      mail: { ...config.smtp, sender: config.smtp.senderEmail, trustedCertificates: undefined },
      pushover: config.pushover,
      environment: config.environment,
    })
    const passwords = createPasswords({ clock })
    stores = await openStores({
      dataDir,
      usersConfig: config.users,
      clientsAuthConfig: config.clientsAuth,
      databaseConfig: config.database,
      passwords,
      clock,
      log,
    })
    const { tls } = config.api
    certificates = tls && config.api.listen && (await openApiCertificates(tls, { dataDir, clock, log }))
    const apiTls = certificates?.tls
    const { accessLogFile } = config.api
    const { rotation } = config.logging
    if (accessLogFile !== undefined) {
      accessLog = openLogFile(accessLogFile, { rotation, setting: 'access_log_file in [api]' })
    }
    server = composeServer(config, {
      stores,
      passwords,
      keySeed,
      jwtSecret,
      codeDelivery,
      auditKey,
      dataDir,
      apiTls,
      accessLine: accessLog?.write,
      forkConnector: deps.forkConnector,
      clock,
      log,
    })
    const { fingerprint } = server
    // Before anything listens: who can log in must be settled when the first request comes.
    const unseen = await prepareFirstStart({
      users: stores.ownUsers,
      clientAuths: stores.ownClientAuths,
      passwords,
      dataDir,
      server: {
        connectUrl: toReachableUrl(config.agents.urls[0] ?? ''),
        agentFlags: deps.isRoot ? '--allow-root' : '',
        fingerprint,
        apiUrl:
          config.api.listen && toReachableUrl(`${config.api.tls ? 'https' : 'http'}://${shown(config.api.listen)}`),
      },
      log,
    })
    const listening = await server.start()
    await certificates?.start()
    log.info({ address: shown(listening.agents), fingerprint }, 'listening for agents')
    if (listening.api)
      log.info({ address: shown(listening.api), encrypted: config.api.tls !== undefined }, 'API listening')
    else log.info({}, 'no API: set [api] address to have one')
    if (listening.metrics) log.info({ address: shown(listening.metrics) }, 'metrics listening')

    if (unseen && isTerminal()) {
      deps.print(`\n${unseen.note}\n`)
      await unseen.seen()
    } else if (unseen) {
      log.warn(
        { file: unseen.file },
        'first start: read the password and the agent credential in this file, then delete it',
      )
    }
    const reload = async () => {
      const reloaded: string[] = []
      if (accessLog) {
        reopen(accessLog, log)
        reloaded.push('access log')
      }
      if (certificates) {
        await certificates.reload()
        reloaded.push('certificate of the API')
      }
      return reloaded
    }
    return { reload, close }
  } catch (error) {
    await close()
    throw error
  }
}

function reopen(accessLog: LogOutput | undefined, log: Logger): void {
  try {
    accessLog?.reopen()
  } catch (error) {
    log.error({ reason: errorMessage(error) }, 'access log cannot be reopened, the old file stays in use')
  }
}

const shown = ({ host, port }: { host: string; port: number }): string => joinHostPort(host, port)

import { setProcessTitle } from '@rport/host'
import { systemClock } from '@rport/kit'
import { runConnector } from './connector.ts'
import { type Carrier, createLine } from './line.ts'
import type { ConnectorSays, ConnectorSettings, MainSays } from './messages.ts'
import { createRemoteLog } from './remote-log.ts'

/** Makes this process a connector: with its name, its log and its last words. */
export function startConnector(settings: ConnectorSettings, carrier: Carrier): void {
  setProcessTitle('rportd', ['connector', String(settings.number)])
  const line = createLine<ConnectorSays, MainSays>(carrier)
  const log = createRemoteLog((entry) => {
    if (entry.level === 'error') line.tell('log', entry)
    else line.mention('log', entry)
  }, settings.logLevel)
  const onFault = (error: unknown) => {
    log.error({ error }, 'unexpected fault, please report it')
    // Said with the end of this turn; the main process starts another one.
    setImmediate(() => setImmediate(() => process.exit(1)))
  }
  process.on('uncaughtException', onFault)
  process.on('unhandledRejection', onFault)
  runConnector(settings, { line, clock: systemClock, log: log.child({ connector: settings.number }) })
}

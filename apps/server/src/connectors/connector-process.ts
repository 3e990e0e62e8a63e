/** Entry of a connector process: its line to the main process, its signals, its end. What it does is in connector.ts. */
import { setProcessTitle } from '@rport/host'
import { systemClock } from '@rport/kit'
import { runConnector } from './connector.ts'
import { createLine, type Message } from './line.ts'
import type { ConnectorSays, ConnectorSettings, MainSays } from './messages.ts'
import { createRemoteLog } from './remote-log.ts'

/** A terminal and an init system send them to every process of the group: the main process alone decides what they mean. */
const LEFT_TO_MAIN = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE', 'SIGUSR1', 'SIGUSR2'] as const

for (const signal of LEFT_TO_MAIN) process.on(signal, () => undefined)
// Told to end, or the main process is gone: nobody must be left that holds its ports.
process.on('disconnect', () => process.exit(0))

process.once('message', (message) => {
  const settings = message as ConnectorSettings
  setProcessTitle('rportd', ['connector', String(settings.number)])
  const line = createLine<ConnectorSays, MainSays>({
    // A line that is gone ends the process: there is nobody to tell.
    send: (messages) => void process.send?.(messages, () => undefined),
    onMessages: (receive) => void process.on('message', (messages) => receive(messages as Message[])),
  })
  const log = createRemoteLog((entry) => line.tell('log', entry), settings.logLevel)
  const onFault = (error: unknown) => {
    log.error({ error }, 'unexpected fault, please report it')
    // The line says what is waiting at the end of this turn.
    setImmediate(() => setImmediate(() => process.exit(1)))
  }
  process.on('uncaughtException', onFault)
  process.on('unhandledRejection', onFault)
  runConnector(settings, { line, clock: systemClock, log: log.child({ connector: settings.number }) })
})

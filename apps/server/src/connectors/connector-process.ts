/** Entry of a connector process: what must be there before the rest is loaded, which takes a moment. */
import type { Message } from './line.ts'
import type { ConnectorSettings } from './messages.ts'

/** A terminal and an init system send them to every process of the group: the main process alone decides what they mean. */
const LEFT_TO_MAIN = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE', 'SIGUSR1', 'SIGUSR2'] as const

for (const signal of LEFT_TO_MAIN) process.on(signal, () => undefined)
// Told to end, or the main process is gone: nobody must be left that holds its ports.
process.on('disconnect', () => process.exit(0))

/** What comes while the rest is loaded: first the settings, then the conversation. */
const early: unknown[] = []
let receive = (message: unknown): void => void early.push(message)
process.on('message', (message) => receive(message))

const { startConnector } = await import('./start-connector.ts')

let onMessages: ((messages: readonly Message[]) => void) | undefined
receive = (message) => {
  if (onMessages) return onMessages(message as readonly Message[])
  startConnector(message as ConnectorSettings, {
    // A line that is gone ends the process: there is nobody to tell.
    send: (messages) => void process.send?.(messages, () => undefined),
    onMessages(own) {
      onMessages = own
    },
  })
}
for (const message of early) receive(message)

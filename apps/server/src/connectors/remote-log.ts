import { cleanFields, type LogLevel } from '@rport/host'
import type { LogFields, Logger } from '@rport/kit'
import type { ConnectorTells } from './messages.ts'

const ORDER: readonly LogLevel[] = ['error', 'warn', 'info', 'debug']

/** Lines are written by the main process: there is one log. Fields are cleaned here, before they leave. */
export function createRemoteLog(tell: (line: ConnectorTells['log']) => void, logLevel: LogLevel): Logger {
  const writer = (level: LogLevel, bound: LogFields) => (fields: LogFields, message: string) => {
    if (ORDER.indexOf(level) > ORDER.indexOf(logLevel)) return
    tell({ level, fields: cleanFields({ ...bound, ...fields }, { wantsStack: () => level === 'error' }), message })
  }
  const bind = (bound: LogFields): Logger => ({
    error: writer('error', bound),
    warn: writer('warn', bound),
    info: writer('info', bound),
    debug: writer('debug', bound),
    child: (fields) => bind({ ...bound, ...fields }),
  })
  return bind({})
}

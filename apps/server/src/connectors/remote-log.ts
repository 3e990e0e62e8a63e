import { cleanFields } from '@rport/host'
import { createLogger, type LineWriter, type Logger, type LogLevel } from '@rport/kit'
import type { ConnectorTells } from './messages.ts'

const ORDER: readonly LogLevel[] = ['error', 'warn', 'info', 'debug']

/** Lines are written by the main process: there is one log. Fields are cleaned here, before they leave. */
export function createRemoteLog(tell: (line: ConnectorTells['log']) => void, logLevel: LogLevel): Logger {
  const writer: LineWriter = (level, bound) => (fields, message) => {
    if (ORDER.indexOf(level) > ORDER.indexOf(logLevel)) return
    tell({ level, fields: cleanFields({ ...bound, ...fields }, { wantsStack: () => level === 'error' }), message })
  }
  return createLogger(writer)
}

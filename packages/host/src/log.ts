import { type Clock, createLogger, errorMessage, type LineWriter, type Logger, type LogLevel } from '@rport/kit'
import { pino } from 'pino'
import { escapeInvisible } from './invisible.ts'
import { cleanFields } from './log-fields.ts'
import { type LogOutput, openLogFile, openLogStream } from './log-output.ts'
import type { LogRotation } from './log-rotation.ts'
import { type LogRecord, toTextLine } from './log-text.ts'

export type LogFormat = 'text' | 'json'

export interface LogOptions {
  /** Path of the log file, appended to; empty or absent: standard output. */
  file?: string | undefined
  level: LogLevel
  /** Puts the file aside when it is full. */
  rotation?: LogRotation | undefined
  /** `text`: a line for people, in local time. `json`: an object per line, time in UTC. */
  format: LogFormat
  /** First prefix of each line: `rportd`, `rport`. */
  program: string
  clock: Clock
  /** Where lines go instead of file and standard output: for tests. */
  output?: LogOutput
}

export interface Log {
  readonly logger: Logger
  /** Opens the file anew after a rotation. A file that cannot be opened is logged to the old one, which stays in use. */
  reopen(): void
  /** Ends the log; later lines go nowhere. Idempotent. */
  close(): void
}

// Fields of these names would stand twice in a JSON line, and the reader would pick one.
const RESERVED = new Set(['time', 'level', 'program', 'message'])

/**
 * The log of a program. Lines are written synchronously, one each, whatever the values hold: control characters are
 * escaped, secrets masked, lengths bounded. A field `area` is shown as a prefix. The stack of an error is written once,
 * at level `error`; elsewhere its message is enough.
 * @throws StartError when the log file cannot be opened
 */
export function createLog(options: LogOptions): Log {
  const output =
    options.output ??
    (options.file ? openLogFile(options.file, { rotation: options.rotation }) : openLogStream(process.stdout))
  const { clock, program } = options
  const write = options.format === 'json' ? output.write : (line: string) => output.write(toTextLine(toRecord(line)))
  const engine = pino(
    {
      level: options.level,
      base: { program },
      messageKey: 'message',
      serializers: {},
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(escapeInvisible(line.trimEnd())) },
  )
  const explained = new WeakSet<Error>()
  let isClosed = false

  const writer: LineWriter = (level, bound) => (fields, message) => {
    if (isClosed || !engine.isLevelEnabled(level)) return
    const wantsStack = (error: Error) => {
      if (level !== 'error' || explained.has(error)) return false
      explained.add(error)
      return true
    }
    engine[level](withoutReserved(cleanFields({ ...bound, ...fields }, { wantsStack })), message)
  }
  const logger = createLogger(writer)

  return {
    logger,
    reopen() {
      try {
        output.reopen()
      } catch (error) {
        logger.error({ reason: errorMessage(error) }, 'log file cannot be reopened, the old one stays in use')
      }
    },
    close() {
      if (isClosed) return
      isClosed = true
      output.close()
    },
  }
}

function withoutReserved(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [RESERVED.has(key) ? `${key}_` : key, value]))
}

function toRecord(line: string): LogRecord {
  const { time, level, program, message, ...fields } = JSON.parse(line) as Record<string, unknown>
  return {
    at: Date.parse(String(time)),
    level: String(level),
    program: String(program),
    message: String(message),
    fields,
  }
}

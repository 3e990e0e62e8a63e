/** Facts that belong to a log line. Values from outside are escaped where the line is written, never before. */
export type LogFields = Readonly<Record<string, unknown>>

/**
 * What every part of the product writes its log to; handed in as an argument.
 * `error`: someone must act. `warn`: we coped. `info`: an event in the life of a thing. `debug`: per request.
 * The message is a fixed text; everything that varies goes into the fields.
 */
export interface Logger {
  error(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  debug(fields: LogFields, message: string): void
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger
}

/** Writes nothing. */
export const silentLogger: Logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => silentLogger,
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

/** Makes what writes the lines of one level; `bound` are the fields that belong to all of them. */
export type LineWriter = (level: LogLevel, bound: LogFields) => (fields: LogFields, message: string) => void

/** A logger on `writer`, with its children. */
export function createLogger(writer: LineWriter, bound: LogFields = {}): Logger {
  return {
    error: writer('error', bound),
    warn: writer('warn', bound),
    info: writer('info', bound),
    debug: writer('debug', bound),
    child: (fields) => createLogger(writer, { ...bound, ...fields }),
  }
}

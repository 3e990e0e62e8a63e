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

import { createLogger, type LineWriter, type LogFields, type Logger, type LogLevel } from '../logger.ts'

export interface LoggedLine {
  readonly level: LogLevel
  readonly fields: LogFields
  readonly message: string
}

/** A logger that keeps what was written, for tests that make claims about it. */
export interface MemoryLogger extends Logger {
  readonly lines: readonly LoggedLine[]
  /** Everything that was written as one text: what a secret must not be found in. */
  text(): string
}

export function createMemoryLogger(): MemoryLogger {
  const lines: LoggedLine[] = []
  const writer: LineWriter = (level, bound) => (fields, message) =>
    void lines.push({ level, fields: { ...bound, ...fields }, message })
  return {
    ...createLogger(writer),
    lines,
    text: () => JSON.stringify(lines, (_key, value: unknown) => (value instanceof Error ? String(value.stack) : value)),
  }
}

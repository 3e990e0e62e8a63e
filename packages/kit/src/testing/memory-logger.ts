import type { LogFields, Logger } from '../logger.ts'

export interface LoggedLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  readonly fields: LogFields
  readonly message: string
}

/** A logger that keeps what was written, for tests that make claims about it. */
export interface MemoryLogger extends Logger {
  readonly lines: readonly LoggedLine[]
  /** Everything that was written as one text: what a secret must not be found in. */
  text(): string
}

export function createMemoryLogger(lines: LoggedLine[] = [], bound: LogFields = {}): MemoryLogger {
  const write = (level: LoggedLine['level']) => (fields: LogFields, message: string) =>
    void lines.push({ level, fields: { ...bound, ...fields }, message })
  return {
    lines,
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    child: (fields) => createMemoryLogger(lines, { ...bound, ...fields }),
    text: () => JSON.stringify(lines, (_key, value: unknown) => (value instanceof Error ? String(value.stack) : value)),
  }
}

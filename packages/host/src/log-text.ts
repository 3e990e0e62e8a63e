import { escapeInvisible } from './invisible.ts'
import type { ErrorFact } from './log-fields.ts'

/** One line before it is laid out. */
export interface LogRecord {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number
  readonly level: string
  readonly program: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

// Written without quotes: nothing in here can be taken for the end of the value.
const PLAIN = /^[A-Za-z0-9_.:/@+%,*[\]-]+$/

/**
 * Lays a line out as the original does, in local time, with the facts behind the message:
 * `2026/11/21 14:05:09 info: rportd: tunnels: tunnel opened clientId=web-1 listenPort=20013`.
 * The field `area` becomes the second prefix. Stacks follow on lines that begin with a tab, as no other line does.
 */
export function toTextLine(record: LogRecord): string {
  const { area, ...facts } = record.fields
  const stacks: string[] = []
  const parts = Object.entries(facts).map(([key, value]) => `${escapeInvisible(key)}=${toText(value, stacks)}`)
  const prefix = typeof area === 'string' ? `${record.program}: ${escapeInvisible(area)}` : record.program
  const head = `${localTime(record.at)} ${record.level}: ${prefix}: ${escapeInvisible(record.message)}`
  return [[head, ...parts].join(' '), ...stacks].join('\n')
}

function toText(value: unknown, stacks: string[]): string {
  if (typeof value === 'string') return PLAIN.test(value) ? value : quote(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (isErrorFact(value)) return quote(describe(value, stacks))
  return escapeInvisible(JSON.stringify(value))
}

function describe(error: ErrorFact, stacks: string[]): string {
  if (error.stack) stacks.push(...error.stack.split('\n').map((frame) => `\t${escapeInvisible(frame)}`))
  const code = error.code && !error.message.includes(error.code) ? ` (${error.code})` : ''
  const cause = error.cause ? `: ${describe(error.cause, stacks)}` : ''
  return `${error.message}${code}${cause}`
}

const isErrorFact = (value: object): value is ErrorFact => 'type' in value && 'message' in value

const quote = (text: string): string => escapeInvisible(JSON.stringify(text))

function localTime(atMs: number): string {
  const at = new Date(atMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}/${two(at.getMonth() + 1)}/${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

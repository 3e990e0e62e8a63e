import { errorMessage } from '@rport/kit'
import { byLetters } from './client-auth-directory.ts'
import { compileTunnelRules, type TunnelRules } from './tunnel-rules.ts'

/** A credential as the file has it. */
export interface ClientAuthEntry {
  readonly password: string
  /** Only in the first release's format, and there always. */
  readonly rules?: TunnelRules
  /** The expressions behind `rules`, as written. */
  readonly expressions?: readonly unknown[]
}

/**
 * What a file of credentials says.
 * `passwords`: `{"id": "password"}`, today's format. `rules`: `{"id:password": ["expression", …]}`, the first release's.
 */
export interface ClientAuthFile {
  readonly format: 'passwords' | 'rules'
  readonly entries: ReadonlyMap<string, ClientAuthEntry>
}

const MAX_ENTRIES = 200_000
/** What a new credential may do in the first release's format: everything, as in the other one. */
const ALLOW_ALL: readonly string[] = ['']

/**
 * Reads the file; an empty one means no credentials. The two formats are told apart by the shape of the values.
 * @throws with a message that names the id and quotes no password
 */
export function parseClientAuthFile(text: string): ClientAuthFile {
  if (text.trim() === '') return { format: 'passwords', entries: new Map() }
  const records = Object.entries(readObject(text))
  if (records.length > MAX_ENTRIES) throw new Error(`it has ${records.length} entries, ${MAX_ENTRIES} are allowed`)
  const format = Array.isArray(records[0]?.[1]) ? 'rules' : 'passwords'
  const entries = new Map<string, ClientAuthEntry>()
  for (const [key, value] of records) {
    const [id, entry] = format === 'rules' ? readRuleEntry(key, value) : readPasswordEntry(key, value)
    if (entries.has(id)) throw new Error(`the id ${shown(id)} stands there twice, with different passwords: keep one`)
    entries.set(id, entry)
  }
  return { format, entries }
}

/** The text of a file, as the original writes it: indented by tabs, sorted by id. */
export function writeClientAuthFile({ format, entries }: ClientAuthFile): string {
  const sorted = [...entries].sort(([left], [right]) => byLetters(left, right))
  const records = sorted.map(([id, { password, expressions }]): [string, unknown] =>
    format === 'rules' ? [`${id}:${password}`, expressions ?? ALLOW_ALL] : [id, password],
  )
  return `${JSON.stringify(Object.fromEntries(records), null, '\t')}\n`
}

function readObject(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message would quote a piece of the file, passwords included.
    throw new Error('it is no valid JSON')
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new Error('expected one JSON object: client auth id → password')
}

function readPasswordEntry(id: string, password: unknown): [string, ClientAuthEntry] {
  if (typeof password === 'string') return [id, { password }]
  if (!Array.isArray(password)) throw new Error(`the password of ${shown(id)} must be a text`)
  throw new Error(
    `the entry ${shown(idOf(id))} has a list of expressions, others have a password: write all as "id": "password", or all as "id:password": ["expression"]`,
  )
}

function readRuleEntry(key: string, expressions: unknown): [string, ClientAuthEntry] {
  const id = idOf(key)
  if (typeof expressions === 'string') {
    throw new Error(
      `the entry ${shown(id)} has a password, others have a list of expressions: write all as "id": "password", or all as "id:password": ["expression"]`,
    )
  }
  if (!Array.isArray(expressions)) throw new Error(`the entry ${shown(id)} must be a list of expressions`)
  if (id === key) throw new Error(`the entry ${shown(id.slice(0, 3))}… must be written as "id:password"`)
  try {
    const rules = compileTunnelRules(expressions)
    return [id, { password: key.slice(id.length + 1), rules, expressions }]
  } catch (error) {
    throw new Error(`the entry ${shown(id)}: ${errorMessage(error)}`)
  }
}

/** What stands before the first colon: the rest is a password. */
const idOf = (key: string): string => (key.includes(':') ? key.slice(0, key.indexOf(':')) : key)
const shown = (id: string): string => JSON.stringify(id.slice(0, 100))

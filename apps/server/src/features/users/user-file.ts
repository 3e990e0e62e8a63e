import { classifyStoredPassword } from '../../passwords/index.ts'
import type { NewUser, StoredUser, UserChange } from './user-directory.ts'

/** The original's file of users: a JSON array of objects. Keys that we do not know stay as they are. */
export interface UserFile {
  readonly users: ReadonlyMap<string, StoredUser>
  /** The objects as found, in their order. */
  readonly records: readonly Readonly<Record<string, unknown>>[]
}

const MAX_USERS = 100_000

/**
 * Reads the file. An empty one means no users.
 * @throws with a message that names the user and the fix, and quotes no secret
 */
export function parseUserFile(text: string): UserFile {
  const records = parseRecords(text)
  const users = new Map<string, StoredUser>()
  for (const [index, record] of records.entries()) {
    const user = parseUser(record, index)
    if (users.has(user.username)) throw new Error(`non unique username: ${JSON.stringify(user.username)}`)
    users.set(user.username, user)
  }
  return { users, records }
}

/** The file with one user changed; one-space indent, as the original writes it. */
export function changeUserFile(file: UserFile, username: string, change: UserChange): string {
  return format(file.records.map((record) => (nameOf(record) === username ? applyChange(record, change) : record)))
}

/** The file with one user more, at its end. */
export const addToUserFile = (file: UserFile, user: NewUser): string => format([...file.records, applyChange({}, user)])

/** The file without a user. */
export const removeFromUserFile = (file: UserFile, username: string): string =>
  format(file.records.filter((record) => nameOf(record) !== username))

const format = (records: readonly Readonly<Record<string, unknown>>[]): string =>
  `${JSON.stringify(records, null, 1)}\n`

function parseRecords(text: string): Readonly<Record<string, unknown>>[] {
  if (text.trim() === '') return []
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message would quote a piece of the file, hashes included.
    throw new Error('it is no valid JSON')
  }
  if (!Array.isArray(value)) throw new Error('expected a JSON array of users')
  if (value.length > MAX_USERS) throw new Error(`it has ${value.length} users, ${MAX_USERS} are allowed`)
  return value.map((entry: unknown, index) => {
    if (typeof entry === 'object' && entry !== null && !Array.isArray(entry)) return entry as Record<string, unknown>
    throw new Error(`user ${index + 1}: expected an object`)
  })
}

function parseUser(record: Readonly<Record<string, unknown>>, index: number): StoredUser {
  const username = nameOf(record)
  if (username === '') throw new Error(`user ${index + 1}: username is missing`)
  const who = `user ${JSON.stringify(username)}`
  const password = classifyStoredPassword(text(record['password'], `${who}: password`))
  if (password.kind !== 'bcrypt') {
    throw new Error(
      `${who}: password must be a bcrypt hash that starts with $2y$; "htpasswd -nbB NAME PASSWORD" makes one`,
    )
  }
  const expired = record['password_expired'] ?? false
  if (typeof expired !== 'boolean') throw new Error(`${who}: password_expired must be true or false`)
  return {
    username,
    password,
    groups: groupsOf(record['groups'], who),
    passwordExpired: expired,
    twoFaSendTo: text(record['two_fa_send_to'], `${who}: two_fa_send_to`),
    // compat: the original writes a blank for a secret that was deleted.
    totpSecret: text(record['totp_secret'], `${who}: totp_secret`).trim(),
  }
}

const nameOf = (record: Readonly<Record<string, unknown>>): string => {
  const name = record['username']
  return typeof name === 'string' ? name.trim() : ''
}

function groupsOf(value: unknown, who: string): string[] {
  const groups = value ?? []
  if (Array.isArray(groups) && groups.every((group) => typeof group === 'string')) return groups
  throw new Error(`${who}: groups must be a list of names`)
}

function text(value: unknown, what: string): string {
  const found = value ?? ''
  if (typeof found !== 'string') throw new Error(`${what} must be a text`)
  return found
}

function applyChange(record: Readonly<Record<string, unknown>>, change: UserChange): Record<string, unknown> {
  const changed: Record<string, unknown> = { ...record }
  if (change.username !== undefined) changed['username'] = change.username
  if (change.password !== undefined) changed['password'] = change.password
  if (change.groups !== undefined) changed['groups'] = [...change.groups]
  if (change.passwordExpired !== undefined) changed['password_expired'] = change.passwordExpired
  if (change.twoFaSendTo !== undefined) changed['two_fa_send_to'] = change.twoFaSendTo
  if (change.totpSecret) changed['totp_secret'] = change.totpSecret
  else if (change.totpSecret === '') delete changed['totp_secret']
  return changed
}

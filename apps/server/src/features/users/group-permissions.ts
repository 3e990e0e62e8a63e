import { type Permission, permissions } from '@rport/api'
import type { Json, JsonObject } from '@rport/protocol'

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads the permissions of a group: a JSON object of names and truth values.
 * Whatever is no `true` grants nothing; unknown names are left out.
 * @throws when the text is no JSON object
 */
export function parseGroupPermissions(text: string): ReadonlySet<Permission> {
  const granted = parseObject(text === '' ? '{}' : text, 'permissions')
  return new Set(permissions.filter((name) => Object.hasOwn(granted, name) && granted[name] === true))
}

/** Reads a restriction as stored: '' and null mean none. @throws when the text is no JSON object */
export function parseStoredRestriction(text: string): JsonObject | null {
  if (text === '' || text === 'null') return null
  const restriction = parseObject(text, 'restriction')
  return Object.keys(restriction).length === 0 ? null : restriction
}

/** The text that is stored for permissions; all names, as the original writes them. */
export const formatGroupPermissions = (granted: ReadonlySet<Permission>): string =>
  JSON.stringify(Object.fromEntries(permissions.map((name) => [name, granted.has(name)])))

function parseObject(text: string, what: string): Readonly<Record<string, Json>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message would quote the text.
    throw new Error(`${what} are no valid JSON`)
  }
  if (!isObject(value)) throw new Error(`${what} are no JSON object`)
  return value
}

/** Every permission there is. */
export const allPermissions: ReadonlySet<Permission> = new Set(permissions)
export const noPermissions: ReadonlySet<Permission> = new Set()

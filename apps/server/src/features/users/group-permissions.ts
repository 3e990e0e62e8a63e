import { type Permission, permissions } from '@rport/api'

/**
 * Reads the permissions of a group: a JSON object of names and truth values.
 * Whatever is no `true` grants nothing; unknown names are left out.
 * @throws when the text is no JSON object
 */
export function parseGroupPermissions(text: string): ReadonlySet<Permission> {
  let value: unknown
  try {
    value = JSON.parse(text === '' ? '{}' : text)
  } catch {
    // The parser's own message would quote the text.
    throw new Error('permissions are no valid JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('permissions are no JSON object')
  const granted = value as Readonly<Record<string, unknown>>
  return new Set(permissions.filter((name) => Object.hasOwn(granted, name) && granted[name] === true))
}

/** Every permission there is. */
export const allPermissions: ReadonlySet<Permission> = new Set(permissions)
export const noPermissions: ReadonlySet<Permission> = new Set()

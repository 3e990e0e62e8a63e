import type { z } from 'zod'

/** More of a caller's text is not repeated in an error. */
const MAX_SHOWN_TEXT = 60

const expectedNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

/** Says which field of a document is wrong, what was found and what was expected. */
export function describeIssue(issue: z.core.$ZodIssue, document: unknown): string {
  const place = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  const field = place === '' ? '' : `${place.slice(place.startsWith('.') ? 1 : 0)}: `
  const found = describeValue(valueAt(document, issue.path))
  if (issue.code === 'invalid_type') {
    return `${field}found ${found}, expected ${expectedNames[issue.expected] ?? issue.expected}`
  }
  return `${field}found ${found}: ${issue.message}`
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Readonly<Record<PropertyKey, unknown>>)[part]
  }
  return value
}

/** What a value is; texts are not repeated, they may be secrets. */
function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${String(value)}`
}

/** A caller's text for an error: quoted and cut. */
export const shownText = (text: string): string =>
  JSON.stringify(text.length > MAX_SHOWN_TEXT ? `${text.slice(0, MAX_SHOWN_TEXT)}…` : text)

import type { Json } from '@rport/protocol'
import { z } from 'zod'
import { apiError } from '../errors/api-error.ts'

/** Longer names are cut in the error text. */
const MAX_SHOWN_NAME = 100

/**
 * Gives the keys of a document the spelling of the schema, as Go matches them: exactly, else in any letter case.
 * A null where the schema has no null counts as absent.
 * A loose object leaves out what it does not know.
 * @throws invalid_json  for a key that the schema does not know
 */
export function foldKeys(schema: z.ZodType, value: Json | undefined): unknown {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodObject && isObject(value)) return foldObject(inner, value)
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    const element = inner.element as z.ZodType
    return value.map((item: Json) => foldKeys(element, item))
  }
  return value
}

function foldObject(schema: z.ZodObject, value: Readonly<Record<string, Json>>): Record<string, unknown> {
  const names = Object.keys(schema.shape)
  const byFold = new Map(names.map((name) => [name.toLowerCase(), name]))
  const folded: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    const name = names.includes(key) ? key : byFold.get(key.toLowerCase())
    if (name === undefined && schema.def.catchall !== undefined) continue
    if (name === undefined) throw apiError('invalid_json', {}, { detail: `json: unknown field ${quote(key)}` })
    // The exact spelling wins over another one, wherever it stands.
    if (name !== key && Object.hasOwn(value, name)) continue
    const field = schema.shape[name] as z.ZodType
    if (item === null && !acceptsNull(field)) continue
    folded[name] = foldKeys(field, item)
  }
  return folded
}

const quote = (name: string): string =>
  JSON.stringify(name.length > MAX_SHOWN_NAME ? `${name.slice(0, MAX_SHOWN_NAME)}…` : name)

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable || inner instanceof z.ZodDefault) {
    inner = inner.unwrap() as z.ZodType
  }
  return inner
}

function acceptsNull(schema: z.ZodType): boolean {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable || inner instanceof z.ZodDefault) {
    if (inner instanceof z.ZodNullable) return true
    inner = inner.unwrap() as z.ZodType
  }
  return inner instanceof z.ZodUnknown || inner instanceof z.ZodAny || inner instanceof z.ZodNull
}

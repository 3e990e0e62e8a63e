import { z } from 'zod'

/** A JSON Schema, as far as we look into it. */
export type JsonSchema = { [key: string]: unknown }

/** The named schemas of a document. */
export type SchemaPool = Map<string, JsonSchema>

/**
 * Renders a schema for OpenAPI 3.1. Named ones (`meta({ id })`) go to the pool and are referred to.
 * @param io  `output`: what we send, which may grow; `input`: what we take, where unknown keys are refused
 */
export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output', pool: SchemaPool): JsonSchema {
  const { $defs, ...root } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema
  for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, JsonSchema>)) {
    pool.set(name, tidy(definition, io) as JsonSchema)
  }
  return tidy(root, io) as JsonSchema
}

function tidy(value: unknown, io: 'input' | 'output'): unknown {
  if (Array.isArray(value)) return value.map((item) => tidy(item, io))
  if (typeof value !== 'object' || value === null) return value
  const tidied: JsonSchema = {}
  for (const [key, item] of Object.entries(value)) {
    if (!isNoise(key, item, value)) tidied[key] = key === '$ref' ? toComponent(item) : tidy(item, io)
  }
  if (tidied['type'] === 'object' && tidied['properties'] !== undefined && io === 'input') {
    tidied['additionalProperties'] = false
  }
  return tidied
}

/** What the converter writes but no reader wants to see. */
function isNoise(key: string, item: unknown, parent: object): boolean {
  if (key === '$schema' || key === 'id') return typeof item === 'string'
  if (key === 'additionalProperties') return item === false
  if (key === 'minimum' || key === 'maximum') return Math.abs(Number(item)) === Number.MAX_SAFE_INTEGER
  // A late text is a text to us, whatever its meaning is to the reader.
  if (key === 'maxLength') return 'type' in parent && parent.type !== 'string'
  return key === 'x-required'
}

const toComponent = (reference: unknown): string => String(reference).replace('#/$defs/', '#/components/schemas/')

import { DecodeError, type Json, parseBounded } from '@rport/protocol'
import type { z } from 'zod'
import { apiError } from '../errors/api-error.ts'
import { parseQueryString } from '../text/query-string.ts'
import { describeIssue } from './describe-issue.ts'
import { firstJsonValue } from './first-json-value.ts'
import { foldKeys } from './fold-keys.ts'

/** Lists and objects inside each other; no declared body comes near. */
const MAX_DEPTH = 32
/** Values, keys and items together. */
const MAX_NODES = 20_000

/**
 * Reads a JSON body as the original does: only the first value counts, keys match in any letter case, null is an empty object.
 * @param text  the body; its size is bounded by the caller
 * @throws missing_body, invalid_json (the detail names the field, what was found and what was expected)
 */
export function readJsonBody<S extends z.ZodObject>(schema: S, text: string): z.output<S> {
  const first = firstJsonValue(text)
  if (first === '') throw apiError('missing_body')
  return validate(schema, parse(first) ?? {})
}

/**
 * Reads a form body: the first of repeated names counts, unknown ones are ignored, every value is a text.
 * @throws invalid_form, invalid_json
 */
export function readFormBody<S extends z.ZodObject>(schema: S, text: string): z.output<S> {
  const form = parseQueryString(text)
  if (!form.ok) throw apiError('invalid_form', { reason: form.reason })
  const fields: Record<string, string> = {}
  for (const name of Object.keys(schema.shape)) {
    const value = form.values.get(name)?.[0]
    if (value !== undefined) fields[name] = value
  }
  return validate(schema, fields)
}

function parse(text: string): Json {
  try {
    return parseBounded(text, { maxBytes: Number.POSITIVE_INFINITY, maxDepth: MAX_DEPTH, maxNodes: MAX_NODES })
  } catch (error) {
    if (error instanceof DecodeError) throw apiError('invalid_json', {}, { detail: error.message })
    throw error
  }
}

function validate<S extends z.ZodObject>(schema: S, document: Json): z.output<S> {
  const folded = foldKeys(schema, document)
  const result = schema.safeParse(folded)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw apiError('invalid_json', {}, { detail: issue ? describeIssue(issue, folded) : 'the document does not fit' })
}

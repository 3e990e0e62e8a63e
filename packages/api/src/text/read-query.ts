import type { z } from 'zod'
import { shownText } from '../body/describe-issue.ts'
import { apiError, throwCollected } from '../errors/api-error.ts'
import type { QueryValues } from './query-string.ts'

/**
 * Validates the query values that an endpoint declares; of repeated ones the first counts, unknown ones are ignored.
 * @throws invalid_query  one entry for each value that is wrong
 */
export function readQuery<S extends z.ZodObject>(schema: S, values: QueryValues): z.output<S> {
  const texts: Record<string, string> = {}
  for (const name of Object.keys(schema.shape)) {
    const value = values.get(name)?.[0]
    if (value !== undefined) texts[name] = value
  }
  const result = schema.safeParse(texts)
  if (result.success) return result.data
  throwCollected(
    result.error.issues.map((issue) => {
      const name = String(issue.path[0])
      const found = texts[name]
      const detail = `found ${found === undefined ? 'nothing' : shownText(found)}: ${issue.message}`
      return apiError('invalid_query', { name }, { detail })
    }),
  )
  // A failed validation always has an issue; this line only tells the compiler so.
  throw result.error
}

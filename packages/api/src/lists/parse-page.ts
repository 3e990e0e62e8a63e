import { shownText } from '../body/describe-issue.ts'
import { type ApiError, apiError } from '../errors/api-error.ts'
import type { QueryValues } from '../text/query-string.ts'
import { parseIntText } from '../text/query-text.ts'
import type { ListGrammar, PageWindow } from './list-grammar.ts'

/** Reads `page[limit]` and `page[offset]`; the first of repeated ones counts. Faults are added, limit first. */
export function parsePage(rule: ListGrammar['page'], values: QueryValues, faults: ApiError[]): PageWindow {
  if (rule === undefined) return { offset: 0, limit: Number.POSITIVE_INFINITY }
  const limit = parseNumber(values.get('page[limit]')?.[0], rule.default, 'limit_not_a_number', faults)
  if (limit <= 0) faults.push(apiError('limit_not_positive'))
  if (limit > rule.max) faults.push(apiError('limit_too_big', { limit, max: rule.max }))
  const offset = parseNumber(values.get('page[offset]')?.[0], 0, 'offset_not_a_number', faults)
  if (offset < 0) faults.push(apiError('offset_negative'))
  return { offset, limit }
}

function parseNumber(
  text: string | undefined,
  fallback: number,
  key: 'limit_not_a_number' | 'offset_not_a_number',
  faults: ApiError[],
): number {
  if (text === undefined) return fallback
  const value = parseIntText(text)
  if (value === undefined) faults.push(apiError(key, {}, { detail: `found ${shownText(text)}, expected digits` }))
  return value ?? fallback
}

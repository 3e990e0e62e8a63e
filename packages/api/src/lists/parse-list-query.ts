import { type ApiError, apiError, throwCollected } from '../errors/api-error.ts'
import type { QueryValues } from '../text/query-string.ts'
import type { ListGrammar, ListQuery, SortKey } from './list-grammar.ts'
import { parseFilters } from './parse-filters.ts'
import { parsePage } from './parse-page.ts'

/**
 * Reads `sort`, `filter[…]`, `fields[…]` and `page[…]` of a list.
 * Names that do not match the grammar's shape (`limit=5`, `filter=1`) are ignored, as the original does.
 * @throws every fault in one error, in the order sort, filter, fields, limit, offset
 */
export function parseListQuery<G extends ListGrammar>(grammar: G, values: QueryValues): ListQuery<G> {
  const faults: ApiError[] = []
  const sorts = parseSorts(grammar, values, faults)
  const filter = parseFilters(grammar.filter, values, faults)
  const fields = parseFields(grammar, values, faults)
  const page = parsePage(grammar.page, values, faults)
  throwCollected(faults)
  if (grammar.singleSort !== undefined && sorts.length > 1) {
    throw apiError('too_many_sorts', { list: grammar.singleSort })
  }
  const query: ListQuery = { sorts, filter, fields, page }
  // The names were checked against the grammar just now; from here on the types carry them.
  return query as ListQuery<G>
}

function parseSorts(grammar: ListGrammar, values: QueryValues, faults: ApiError[]): SortKey[] {
  const sorts: SortKey[] = []
  for (const text of grammar.sort === undefined ? [] : (values.get('sort') ?? [])) {
    const trimmed = text.trim()
    if (trimmed === '') continue
    const field = trimmed.replace(/^-+/, '')
    if (grammar.sort?.includes(field)) sorts.push({ field, descending: field !== trimmed })
    else faults.push(apiError('unsupported_sort', { field }))
  }
  return sorts
}

function parseFields(
  grammar: ListGrammar,
  values: QueryValues,
  faults: ApiError[],
): Readonly<Record<string, readonly string[]>> | undefined {
  if (grammar.fields === undefined) return undefined
  const chosen: Record<string, string[]> = {}
  for (const [key, texts] of values) {
    const resource = /^fields\[(\w+)\]/.exec(key)?.[1]
    if (resource === undefined) continue
    const known = Object.hasOwn(grammar.fields, resource) ? grammar.fields[resource] : undefined
    if (!known) {
      faults.push(apiError('unsupported_fields_resource', { resource }))
      continue
    }
    const names = texts.flatMap((text) => text.split(','))
    for (const field of new Set(names)) {
      if (!known.includes(field)) faults.push(apiError('unsupported_field', { field, resource }))
    }
    chosen[resource] = [...new Set([...(chosen[resource] ?? []), ...names])]
  }
  return Object.keys(chosen).length > 0 ? chosen : grammar.defaultFields
}

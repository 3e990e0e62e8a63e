import { API_PREFIX, type EndpointSpec } from '../endpoint.ts'
import { formatQueryString } from '../text/query-string.ts'
import type { AnyCallInput, ListInput, QueryInput } from './call-input.ts'

/**
 * The address of a call.
 * @param baseUrl  origin of the server, with the path of a proxy where there is one; empty in a page of the server itself
 * @throws RangeError  for a path parameter that would name another path
 */
export function requestUrl(baseUrl: string, spec: EndpointSpec, input: AnyCallInput): string {
  const path = spec.path.replace(/\{(\w+)\}/g, (_whole, name: string) => segment(name, input.params?.[name] ?? ''))
  const query = formatQueryString([...queryPairs(input.query), ...listPairs(input.list)])
  return `${baseUrl.replace(/\/+$/, '')}${API_PREFIX}${path}${query === '' ? '' : `?${query}`}`
}

function segment(name: string, value: string): string {
  if (value === '' || value === '.' || value === '..') {
    throw new RangeError(`params.${name} is ${JSON.stringify(value)}; it must name something`)
  }
  return encodeURIComponent(value)
}

type Pair = readonly [name: string, value: string | undefined]

const queryPairs = (query: AnyCallInput['query']): Pair[] =>
  Object.entries(query ?? {}).map(([name, value]) => [name, value === undefined ? undefined : String(value)])

function listPairs(list: ListInput | undefined): Pair[] {
  if (!list) return []
  const sorts: readonly string[] = list.sort === undefined ? [] : [list.sort].flat()
  const fields = Object.entries(list.fields ?? {}) as [string, readonly string[] | undefined][]
  return [
    ...sorts.map((sort): Pair => ['sort', sort]),
    ...Object.entries(list.filter ?? {}).map(([name, value]): Pair => [filterKey(name), joined(value)]),
    ...fields.map(([resource, names]): Pair => [`fields[${resource}]`, names?.join(',')]),
    ['page[limit]', list.page?.limit?.toString()],
    ['page[offset]', list.page?.offset?.toString()],
  ]
}

const joined = (value: QueryInput | readonly QueryInput[]): string => [value].flat().map(String).join(',')

/** `name` → `filter[name]`, `started_at[gt]` → `filter[started_at][gt]`. */
function filterKey(name: string): string {
  const bracket = name.indexOf('[')
  return bracket < 0 ? `filter[${name}]` : `filter[${name.slice(0, bracket)}]${name.slice(bracket)}`
}

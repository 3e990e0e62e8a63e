import type { ListGrammar } from '../lists/list-grammar.ts'
import type { JsonSchema } from './json-schema.ts'

/** Renders the query grammar of a list as OpenAPI parameters. */
export function listParameters(grammar: ListGrammar): JsonSchema[] {
  return [
    ...sortParameter(grammar),
    ...filterParameters(grammar),
    ...fieldsParameter(grammar),
    ...pageParameter(grammar),
  ]
}

function sortParameter({ sort, singleSort }: ListGrammar): JsonSchema[] {
  if (!sort || sort.length === 0) return []
  const names = { type: 'string', enum: sort.flatMap((name) => [name, `-${name}`]) }
  const schema = singleSort === undefined ? { type: 'array', items: names } : names
  return [{ name: 'sort', in: 'query', description: 'Field to sort by; `-` sorts downwards.', schema }]
}

function filterParameters({ filter }: ListGrammar): JsonSchema[] {
  const plain = (filter ?? []).filter((name) => !name.includes('['))
  const operators = (filter ?? []).filter((name) => name.includes('['))
  const parameters: JsonSchema[] = operators.map((name) => ({
    name: `filter[${name.replace('[', '][')}`,
    in: 'query',
    schema: { type: 'string' },
  }))
  if (plain.length === 0) return parameters
  const description =
    'Column → value. `*` is a wildcard, commas join alternatives, `and(a,b)` demands all. Columns may be joined by `|`; the column `*` is any of them.'
  const properties = Object.fromEntries(plain.map((name) => [name, { type: 'string' }]))
  return [
    deepObject('filter', description, { type: 'object', properties, additionalProperties: { type: 'string' } }),
    ...parameters,
  ]
}

function fieldsParameter({ fields, defaultFields }: ListGrammar): JsonSchema[] {
  if (!fields) return []
  const properties = Object.entries(fields).map(([resource, names]) => {
    const shown = defaultFields?.[resource]
    const description = `Comma list of: ${names.join(', ')}.`
    return [resource, { type: 'string', description, ...(shown && { default: shown.join(',') }) }]
  })
  const schema = { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false }
  return [deepObject('fields', 'The fields to show.', schema)]
}

function pageParameter({ page }: ListGrammar): JsonSchema[] {
  if (!page) return []
  const properties = {
    limit: { type: 'integer', minimum: 1, maximum: page.max, default: page.default },
    offset: { type: 'integer', minimum: 0, default: 0 },
  }
  return [
    deepObject('page', 'The window of the list to show.', { type: 'object', properties, additionalProperties: false }),
  ]
}

const deepObject = (name: string, description: string, schema: JsonSchema): JsonSchema => ({
  name,
  in: 'query',
  description,
  style: 'deepObject',
  explode: true,
  schema,
})

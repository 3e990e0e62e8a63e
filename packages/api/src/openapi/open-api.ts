import { api } from '../api.ts'
import { API_PREFIX, type EndpointSpec, paramNames, type Resource } from '../endpoint.ts'
import { errorTable } from '../errors/error-table.ts'
import { errorsOf } from '../errors/errors-of.ts'
import { type JsonSchema, type SchemaPool, toJsonSchema } from './json-schema.ts'
import { listParameters } from './list-parameters.ts'

const JSON_TYPE = 'application/json'
const TEXT_TYPE = 'text/plain'
const FORM_TYPE = 'application/x-www-form-urlencoded'

const errorsSchema: JsonSchema = {
  type: 'object',
  required: ['errors'],
  properties: {
    errors: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['code', 'title', 'detail'],
        properties: {
          code: { type: 'string', description: 'For programs; mostly empty.' },
          title: { type: 'string' },
          detail: { type: 'string', description: 'Empty when there is nothing to add.' },
        },
      },
    },
  },
}

/**
 * Renders the description of the API from its declarations.
 * @param version  of the server
 * @returns        an OpenAPI 3.1 document
 */
export function renderOpenApi(version: string, resources: Readonly<Record<string, Resource>> = api): JsonSchema {
  const pool: SchemaPool = new Map([['Errors', errorsSchema]])
  const paths: Record<string, JsonSchema> = {}
  for (const [key, resource] of Object.entries(resources)) {
    for (const [name, spec] of Object.entries(resource.endpoints)) {
      const operation = renderOperation(`${key}${titled(name)}`, resource.name, spec, pool)
      paths[spec.path] = { ...paths[spec.path], [spec.method.toLowerCase()]: operation }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'RPort',
      version,
      summary: 'Remote access to and management of machines that nobody can reach',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: API_PREFIX }],
    tags: Object.values(resources).map(({ name }) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic' },
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
      schemas: Object.fromEntries([...pool].sort(([left], [right]) => (left < right ? -1 : 1))),
    },
  }
}

function renderOperation(operationId: string, tag: string, spec: EndpointSpec, pool: SchemaPool): JsonSchema {
  const parameters = [
    ...paramNames(spec.path).map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...queryParameters(spec, pool),
    ...(spec.list ? listParameters(spec.list) : []),
  ]
  return {
    operationId,
    tags: [tag],
    summary: spec.summary,
    ...(spec.description !== undefined && { description: spec.description }),
    security: securityOf(spec),
    ...(parameters.length > 0 && { parameters }),
    ...(spec.body && { requestBody: requestBody(spec, toJsonSchema(spec.body, 'input', pool)) }),
    responses: { [spec.reply.status]: successResponse(spec, pool), ...errorResponses(spec) },
    ...(spec.permission !== undefined && { 'x-permission': spec.permission }),
    ...(spec.admin && { 'x-administrators-only': true }),
    ...(spec.audit && { 'x-audit': spec.audit.join(' ') }),
  }
}

function queryParameters(spec: EndpointSpec, pool: SchemaPool): JsonSchema[] {
  return Object.entries(spec.query?.shape ?? {}).map(([name, field]) => {
    const { description, ...schema } = toJsonSchema(field, 'input', pool)
    const required = field.meta()?.['x-required'] === true || !field.safeParse(undefined).success
    return {
      name,
      in: 'query',
      ...(description !== undefined && { description }),
      ...(required && { required }),
      schema,
    }
  })
}

const requestBody = (spec: EndpointSpec, schema: JsonSchema): JsonSchema => ({
  required: true,
  content: { [JSON_TYPE]: { schema }, ...(spec.bodyForm === 'json-or-form' && { [FORM_TYPE]: { schema } }) },
})

function securityOf(spec: EndpointSpec): JsonSchema[] {
  switch (spec.auth) {
    case 'user':
      return [{ basic: [] }, { bearer: [] }]
    case 'bearer':
    case 'pending':
      return [{ bearer: [] }]
    case 'login':
      return spec.body ? [] : [{ basic: [] }]
    case 'none':
      return []
  }
}

function successResponse(spec: EndpointSpec, pool: SchemaPool): JsonSchema {
  const { reply } = spec
  if (reply.kind === 'empty') return { description: 'Done; no body.' }
  const schema = toJsonSchema(reply.schema, 'output', pool)
  const content = (body: JsonSchema) => ({ [JSON_TYPE]: { schema: body } })
  switch (reply.kind) {
    case 'bare':
      return { description: 'Done.', content: content(schema) }
    case 'data':
      return reply.isDeclaredAsText
        ? {
            description: 'Done; JSON in spite of its type.',
            content: { [TEXT_TYPE]: { schema: envelope({ data: schema }) } },
          }
        : { description: 'Done.', content: content(envelope({ data: schema })) }
    case 'page': {
      const meta = { type: 'object', required: ['count'], properties: { count: { type: 'integer', minimum: 0 } } }
      return { description: 'One page.', content: content(envelope({ data: { type: 'array', items: schema }, meta })) }
    }
  }
}

const envelope = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
})

/** Errors of the same status share a response; its description lists their titles. */
function errorResponses(spec: EndpointSpec): Record<string, JsonSchema> {
  const titles = new Map<number, string[]>([[500, [errorTable.internal.title]]])
  for (const key of errorsOf(spec)) {
    const row: { status: number; code?: string; title: string } = errorTable[key]
    const title = row.code === undefined ? row.title : `${row.title} (${row.code})`
    titles.set(row.status, [...(titles.get(row.status) ?? []), title])
  }
  const responses: Record<string, JsonSchema> = {}
  for (const [status, texts] of titles) {
    responses[status] = {
      description: texts.map((text) => `- ${text}`).join('\n'),
      content: { [JSON_TYPE]: { schema: { $ref: '#/components/schemas/Errors' } } },
    }
  }
  responses['423'] = {
    description: 'The address is banned.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  }
  return responses
}

const titled = (name: string): string => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`

import { readFileSync } from 'node:fs'
import { version } from '@rport/kit'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { api } from '../api.ts'
import { endpoint, resource } from '../endpoint.ts'
import { listGrammar } from '../lists/list-grammar.ts'
import { page } from '../reply.ts'
import { intText } from '../text/query-text.ts'
import { renderOpenApi } from './open-api.ts'

type Operation = Record<string, never> & {
  operationId: string
  parameters?: { name: string; in: string; required?: boolean; schema: Record<string, unknown> }[]
  responses: Record<string, { description: string }>
  security: unknown[]
}
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, unknown> } }
const render = (...args: Parameters<typeof renderOpenApi>) => renderOpenApi(...args) as unknown as Document

describe('renderOpenApi', () => {
  const document = render('1.2.3')

  test('has every declared operation, with an id of its own', () => {
    const declared = Object.values(api).flatMap(({ endpoints }) => Object.values(endpoints))
    const operations = declared.map((spec) => document.paths[spec.path]?.[spec.method.toLowerCase()])
    expect(operations).not.toContain(undefined)
    expect(new Set(operations.map((operation) => operation?.operationId)).size).toBe(declared.length)
    expect(Object.values(document.paths).flatMap((path) => Object.values(path))).toHaveLength(declared.length)
  })

  test('every reference leads somewhere and no schema is unused', () => {
    const text = JSON.stringify(document)
    const references = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1])
    expect([...new Set(references)].sort()).toEqual(Object.keys(document.components.schemas).sort())
    expect(text).not.toContain('$defs')
  })

  test('says which parameters are needed and what they are', () => {
    const parameters = document.paths['/clients/{client_id}/tunnels']?.['put']?.parameters ?? []
    expect(parameters.filter(({ required }) => required).map(({ name }) => name)).toEqual(['client_id', 'remote'])
    expect(parameters.find(({ name }) => name === 'idle-timeout-minutes')?.schema).toEqual({
      type: 'integer',
      minimum: 0,
      maximum: 10_080,
      default: 5,
    })
  })

  test('lists the errors by status', () => {
    const responses = document.paths['/clients/{client_id}']?.['delete']?.responses
    expect(Object.keys(responses ?? {})).toEqual(['204', '400', '401', '403', '404', '423', '429', '500', '503'])
    expect(responses?.['400']?.description).toBe('- Client is active, should be disconnected')
  })

  test('says who may call', () => {
    expect(document.paths['/status']?.['get']?.security).toEqual([{ basic: [] }, { bearer: [] }])
    expect(document.paths['/openapi.json']?.['get']?.security).toEqual([])
    expect(document.paths['/logout']?.['delete']?.security).toEqual([{ bearer: [] }])
  })

  test('renders operators of filters, several sorts and numbers', () => {
    const things = resource('Things', {
      list: endpoint({
        method: 'GET',
        path: '/things',
        summary: 'List things',
        auth: 'none',
        query: z.object({ depth: intText({ min: 1, max: 3 }) }),
        list: listGrammar({ sort: ['a', 'b'], filter: ['at[gt]'] }),
        reply: page(z.string()),
        errors: [],
      }),
    })
    const parameters = render('1', { things }).paths['/things']?.['get']?.parameters ?? []
    expect(parameters.map(({ name }) => name)).toEqual(['depth', 'sort', 'filter[at][gt]'])
    expect(parameters[0]).toMatchObject({ required: true, schema: { type: 'integer', minimum: 1, maximum: 3 } })
    expect(parameters[1]?.schema).toEqual({ type: 'array', items: { type: 'string', enum: ['a', '-a', 'b', '-b'] } })
  })

  test('is what docs/openapi.json says', () => {
    const file = readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8')
    expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(render(version))))
  })
})

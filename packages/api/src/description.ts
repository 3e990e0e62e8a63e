import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { bare } from './reply.ts'

/** The API's description of itself. */
export const description = resource('Description', {
  openApi: endpoint({
    method: 'GET',
    path: '/openapi.json',
    summary: 'Show this description',
    auth: 'none',
    reply: bare(z.record(z.string(), z.unknown()).meta({ description: 'An OpenAPI 3.1 document.' })),
    errors: [],
  }),
})

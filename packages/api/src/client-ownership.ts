import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { data, empty } from './reply.ts'

const texts = z.array(z.string()).nullable()
const labels = z.record(z.string(), z.string()).nullable()

/** Tags and labels of a client. */
export const ClientAttributesView = z.object({ tags: texts, labels }).meta({ id: 'ClientAttributes' })
export type ClientAttributesView = z.output<typeof ClientAttributesView>

/** Who may use a client, and what it is called by. */
export const clientOwnership = resource('Client access and attributes', {
  updateAcl: endpoint({
    method: 'POST',
    path: '/clients/{client_id}/acl',
    summary: 'Set the user groups that have access to a client',
    auth: 'user',
    clientAccess: true,
    admin: true,
    audit: ['client.acl', 'update'],
    body: z.object({
      allowed_user_groups: z
        .array(z.string().max(1000))
        .max(1000)
        .nullable()
        .default(null)
        .meta({ description: 'null or empty: nobody but administrators and client groups.' }),
    }),
    reply: empty(),
    errors: ['user_groups_not_found', 'user_groups_of_configuration', 'user_groups_of_file'],
  }),

  getAttributes: endpoint({
    method: 'GET',
    path: '/clients/{client_id}/attributes',
    summary: 'Show tags and labels of a client',
    auth: 'user',
    clientAccess: true,
    reply: data(ClientAttributesView),
    errors: [],
  }),

  updateAttributes: endpoint({
    method: 'PUT',
    path: '/clients/{client_id}/attributes',
    summary: 'Replace tags and labels of a client',
    description: 'A connected client keeps them at once; one that is away is told when it comes back.',
    auth: 'user',
    clientAccess: true,
    audit: ['client.attributes', 'update'],
    // compat: keys that are not known are ignored here, and only here
    body: z.looseObject({
      tags: z.array(z.string().max(1000)).max(1000).nullable().default(null),
      labels: z.record(z.string().max(1000), z.string().max(1000)).nullable().default(null),
    }),
    bodyFault: 'attributes_invalid',
    reply: data(z.literal('ok')),
    errors: ['client_refused', 'client_did_not_answer'],
  }),
})

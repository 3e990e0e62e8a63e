import type { ErrorRow } from './error-row.ts'

/** Errors of the managed machines. */
export const clientErrors = {
  client_not_found: {
    status: 404,
    title: 'Client with id="{clientId}" not found.',
    when: 'No client has this id.',
  },
  client_not_connected: {
    status: 404,
    title: 'client with id {clientId} not found',
    when: 'The client is known but not connected.',
  },
  client_active: {
    status: 400,
    title: 'Client is active, should be disconnected',
    when: 'Only a disconnected client can be deleted.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

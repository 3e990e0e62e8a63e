import type { ErrorRow } from './error-row.ts'

/** Errors of client groups and of attributes of clients. */
export const clientGroupErrors = {
  client_group_not_found: {
    status: 404,
    title: 'Client Group[id="{groupId}"] not found.',
    when: 'There is no such group, or none with a client that the caller may see.',
  },
  client_group_invalid: {
    status: 400,
    title: 'Invalid client group.',
    detail: '{reason}',
    when: 'The id has 1 to 30 of `A-Za-z0-9_-*`, `params` is there, `tag` is a list or has exactly one of `and` and `or`.',
  },
  client_group_exists: {
    status: 409,
    title: 'Failed to persist a new client group.',
    detail: 'A client group with the id "{groupId}" already exists.',
    when: 'Choose another id, or replace the group with PUT.',
  },
  client_group_other_id: {
    status: 400,
    title: '"group_id" route param doesn\'t not match group ID from request body.',
    when: 'The id of a group cannot be changed.',
  },
  too_many_client_groups: {
    status: 400,
    title: 'There are {max} client groups already.',
    when: 'Delete groups that are not used any more.',
  },
  attributes_invalid: {
    status: 400,
    title: 'failed parsing attributes: {reason}',
    when: 'The body is no JSON, `tags` is no list of texts, or `labels` no object of texts.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

import type { ErrorRow } from './error-row.ts'

/** Errors of the query of lists. */
export const listErrors = {
  unsupported_sort: {
    status: 400,
    title: "unsupported sort field '{field}'",
    when: 'The list cannot be sorted by this field.',
  },
  unsupported_filter: {
    status: 400,
    title: "unsupported filter field '{filter}'",
    when: 'The list has no such filter, or not with this operator.',
  },
  unsupported_field: {
    status: 400,
    title: 'unsupported field "{field}" for resource "{resource}"',
    when: 'A name in `fields[…]` is not known for that resource.',
  },
  unsupported_fields_resource: {
    status: 400,
    title: 'unsupported resource in fields: "{resource}"',
    when: 'The name in the brackets of `fields[…]` is not known to this operation.',
  },
  limit_not_a_number: {
    status: 400,
    title: 'pagination limit must be a number',
    when: '`page[limit]` is no whole number.',
  },
  limit_not_positive: {
    status: 400,
    title: 'pagination limit must be positive',
    when: '`page[limit]` is 0 or negative.',
  },
  limit_too_big: {
    status: 400,
    title: 'pagination limit too big ({limit}) maximum is {max}',
    when: '`page[limit]` is above the maximum of the list.',
  },
  offset_not_a_number: {
    status: 400,
    title: 'pagination offset must be a number',
    when: '`page[offset]` is no whole number.',
  },
  offset_negative: {
    status: 400,
    title: 'pagination offset must not be negative',
    when: '`page[offset]` is negative.',
  },
  too_many_sorts: {
    status: 400,
    title: 'Only one sort field is supported for {list}.',
    when: 'The list takes one `sort` only.',
  },
  too_many_filters: {
    status: 400,
    title: 'too many {what} ({count}) maximum is {max}',
    when: 'The filters of one request are more than the server is willing to compare. Split the request.',
  },
  filter_value_too_long: {
    status: 400,
    title: "value of '{filter}' is longer than {max} characters",
    when: 'A filter value is longer than anything it could match.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

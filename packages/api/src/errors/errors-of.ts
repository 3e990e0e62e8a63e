import type { EndpointSpec } from '../endpoint.ts'
import type { ListGrammar } from '../lists/list-grammar.ts'
import type { ErrorKey } from './api-error.ts'

/** Every expected error of an endpoint: the declared ones and those that follow from its other parts. */
export function errorsOf(spec: EndpointSpec): ReadonlySet<ErrorKey> {
  const keys: ErrorKey[] = [...spec.errors, 'too_many_requests_at_once', 'request_timeout']
  if (spec.auth === 'user')
    keys.push('unauthorized', 'user_gone', 'password_expired', 'too_many_attempts', 'token_scope_denied')
  if (spec.auth === 'pending') keys.push('unauthorized', 'user_gone', 'password_expired', 'too_many_attempts')
  if (spec.clientAccess) keys.push('client_not_found', 'client_access_denied')
  if (spec.permission !== undefined) keys.push('permission_missing')
  if (spec.admin) keys.push('not_administrator')
  if (spec.query) keys.push('invalid_query')
  if (spec.list) keys.push(...listErrors(spec.list))
  if (spec.body) keys.push('missing_body', spec.bodyFault ?? 'invalid_json', 'body_timeout')
  if (spec.audit) keys.push('audit_unavailable', 'audit_incomplete')
  if (spec.bodyForm === 'json-or-form') keys.push('unsupported_content_type', 'invalid_form')
  return new Set(keys)
}

function listErrors(grammar: ListGrammar): ErrorKey[] {
  const keys: ErrorKey[] = []
  if (grammar.sort) keys.push('unsupported_sort')
  if (grammar.singleSort !== undefined) keys.push('too_many_sorts')
  if (grammar.filter) keys.push('unsupported_filter', 'filter_value_too_long', 'too_many_filters')
  if (grammar.fields) keys.push('unsupported_field', 'unsupported_fields_resource')
  if (grammar.page) {
    keys.push('limit_not_a_number', 'limit_not_positive', 'limit_too_big', 'offset_not_a_number', 'offset_negative')
  }
  return keys
}

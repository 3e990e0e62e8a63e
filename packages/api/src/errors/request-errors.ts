import type { ErrorRow } from './error-row.ts'

/** Errors of any request: its body, its query values, the state of the server. */
export const requestErrors = {
  missing_body: {
    status: 400,
    title: 'Missing body with json data.',
    when: 'The operation needs a JSON body and none came. Form posts (what `curl -d` sends) count as empty: set `Content-Type: application/json`.',
  },
  invalid_json: {
    status: 400,
    title: 'Invalid JSON data.',
    when: 'The body is no JSON, is too large or too deep, has an unknown key or a value of the wrong type. The detail says which.',
  },
  unsupported_content_type: {
    status: 400,
    title: 'unsupported content type: {contentType}',
    when: 'Logging in takes exactly `application/json` or exactly `application/x-www-form-urlencoded`.',
  },
  invalid_form: {
    status: 400,
    title: 'failed to parse form: {reason}',
    when: 'The form of a log-in is not percent-encoded as it should be.',
  },
  invalid_query: {
    status: 400,
    title: 'Invalid value of query parameter "{name}".',
    when: 'A query value is not of the expected type or outside its range. The detail says what was found and what is expected.',
  },
  too_many_requests_at_once: {
    status: 503,
    title: 'The server is busy, please try again.',
    when: 'More requests are being answered than the server allows at the same time.',
  },
  body_timeout: {
    status: 408,
    title: 'The body of the request did not arrive in time.',
    when: 'The caller stopped sending in the middle of a body.',
  },
  request_timeout: {
    status: 503,
    title: 'The request took too long and was given up.',
    when: 'The server did not finish the request within its own deadline.',
  },
  storage_full: {
    status: 507,
    title: 'The disk of the server is full, nothing was changed. Please try again when there is room.',
    when: 'The database could not grow. Reading goes on, and so does everything else as soon as there is room.',
  },
  storage_unavailable: {
    status: 503,
    title: 'The database of the server cannot be used at the moment, please try again.',
    when: 'It is locked, damaged or cannot be reached, or too many changes are waiting. The log of the server says which.',
  },
  internal: {
    status: 500,
    title: 'internal error, request id {requestId}',
    when: 'A fault of the server. The log has the details under the request id.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

import type { IncomingMessage } from 'node:http'
import { ApiError, apiError, type EndpointSpec, readFormBody, readJsonBody, requestDataError } from '@rport/api'
import type { Clock } from '@rport/kit'
import { hasBody, readRequestBody } from './read-request-body.ts'

const FORM = 'application/x-www-form-urlencoded'

/**
 * Reads and validates the body of a request.
 * @throws missing_body, invalid_json or the endpoint's own, unsupported_content_type, invalid_form, body_timeout, or the plain error for large forms
 */
export async function readBody(
  spec: EndpointSpec,
  request: IncomingMessage,
  limits: { maxBytes: number; timeoutMs: number; clock: Clock },
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const schema = spec.body
  if (!schema) return undefined
  const contentType = request.headers['content-type'] ?? ''
  if (spec.bodyForm === 'json-or-form' && contentType !== 'application/json' && contentType !== FORM) {
    throw apiError('unsupported_content_type', { contentType })
  }
  const isForm = contentType.split(';')[0]?.trim().toLowerCase() === FORM
  const body = hasBody(request) ? await readRequestBody(request, limits) : ({ kind: 'read', text: '' } as const)
  if (body.kind === 'too-large') {
    if (isForm) throw requestDataError(limits.maxBytes, 'http: request body too large')
    throw apiError('invalid_json', {}, { detail: 'http: request body too large' })
  }
  if (!isForm) return readJson(spec, schema, body.text)
  if (spec.bodyForm === 'json-or-form') return readFormBody(schema, body.text)
  // compat: the original's size check reads forms, so that nothing is left for the JSON reader
  throw apiError('missing_body')
}

/** compat: some operations of the original tell of bad bodies with a text of their own. */
function readJson(spec: EndpointSpec, schema: NonNullable<EndpointSpec['body']>, text: string) {
  try {
    return readJsonBody(schema, text)
  } catch (error) {
    if (!(error instanceof ApiError) || error.key !== 'invalid_json' || spec.bodyFault === undefined) throw error
    throw apiError(spec.bodyFault, { reason: error.entries[0]?.detail ?? '' }, { cause: error })
  }
}

/** Errors that are answered as plain text, as the original does, because they arise before or beside the API. */
export const plainErrorTable = {
  page_not_found: {
    status: 404,
    text: '404 page not found',
    when: 'No operation has this path and method. A trailing slash, other letter case and HEAD are not known either.',
  },
  banned: {
    status: 423,
    text: 'Too many bad attempts. Please try later.',
    when: 'Too many log-ins from this address have failed. It is shut out for `ban_time`.',
  },
  request_data: {
    status: 400,
    text: 'Request data exceeds the limit of {maxBytes} bytes: {reason}',
    when: 'The query is malformed, or a form is malformed or larger than `max_request_bytes`. The reason says which.',
  },
  malformed_path: {
    status: 400,
    text: '400 Bad Request',
    when: 'The request is no HTTP, or its path is not percent-encoded as it should be.',
  },
  http_on_https_port: {
    status: 400,
    text: '400 Bad Request: this port speaks HTTPS, ask with https://',
    when: 'The API is configured with a certificate, and the request came without encryption.',
  },
  server_stopping: {
    status: 503,
    text: '503 Service Unavailable: the server is stopping',
    when: 'The server ends or restarts. Requests that it has begun are finished; ask again in a moment.',
  },
  headers_too_large: {
    status: 431,
    text: '431 Request Header Fields Too Large',
    when: 'Address and headers of the request are larger than `max_request_bytes`.',
  },
} as const satisfies Readonly<Record<string, { status: number; text: string; when: string }>>

export type PlainErrorKey = keyof typeof plainErrorTable

/** An expected error that is answered as plain text. */
export class PlainError extends Error {
  override readonly name = 'PlainError'
  readonly key: PlainErrorKey
  readonly status: number

  constructor(key: PlainErrorKey, text: string) {
    super(text)
    this.key = key
    this.status = plainErrorTable[key].status
  }
}

/** The malformed query or form of a request. */
export const requestDataError = (maxBytes: number, reason: string): PlainError =>
  new PlainError(
    'request_data',
    plainErrorTable.request_data.text.replace('{maxBytes}', String(maxBytes)).replace('{reason}', () => reason),
  )

/** Any other plain error; its text is fixed. */
export const plainError = (key: Exclude<PlainErrorKey, 'request_data'>): PlainError =>
  new PlainError(key, plainErrorTable[key].text)

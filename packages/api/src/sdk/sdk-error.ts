import type { ErrorEntry } from '../errors/api-error.ts'

/** Longer plain texts, such as a proxy's page, are cut. */
const MAX_TITLE = 200

/** A call that did not succeed. */
export class SdkError extends Error {
  override readonly name = 'SdkError'
  /** HTTP status; undefined when there was no answer at all. */
  readonly status: number | undefined
  /** The public code; mostly empty. */
  readonly code: string
  readonly title: string
  readonly detail: string
  /** Every entry of the error envelope; one made of the text when the answer had no envelope. */
  readonly entries: readonly ErrorEntry[]

  constructor(status: number | undefined, entries: readonly ErrorEntry[], cause?: unknown) {
    const [first = { code: '', title: 'no answer', detail: '' }] = entries
    super(
      first.detail === '' ? first.title : `${first.title} ${first.detail}`,
      cause === undefined ? undefined : { cause },
    )
    this.status = status
    this.code = first.code
    this.title = first.title
    this.detail = first.detail
    this.entries = entries
  }
}

/** The error of an answer whose status is no success. */
export function refusedError(status: number, body: string): SdkError {
  return new SdkError(status, entriesOf(body) ?? [{ code: '', title: plainTitle(status, body), detail: '' }])
}

/** The error of a call that got no answer, or one that is not of this API. */
export const brokenError = (title: string, status: number | undefined, cause?: unknown): SdkError =>
  new SdkError(status, [{ code: '', title, detail: '' }], cause)

function entriesOf(body: string): ErrorEntry[] | undefined {
  const document = parseJson(body)
  if (typeof document !== 'object' || document === null || !('errors' in document)) return undefined
  if (!Array.isArray(document.errors) || document.errors.length === 0) return undefined
  return document.errors.map((entry: unknown) => ({
    code: textOf(entry, 'code'),
    title: textOf(entry, 'title'),
    detail: textOf(entry, 'detail'),
  }))
}

/** Reads JSON; undefined for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Proxies and older servers answer with pages and plain texts; the caller decides what that means.
    return undefined
  }
}

function textOf(entry: unknown, name: keyof ErrorEntry): string {
  if (typeof entry !== 'object' || entry === null || !Object.hasOwn(entry, name)) return ''
  const value = (entry as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' ? value : ''
}

const plainTitle = (status: number, body: string): string => {
  const line = body.trim().split('\n', 1)[0] ?? ''
  return line === '' ? `the server answered ${status}` : line.slice(0, MAX_TITLE)
}

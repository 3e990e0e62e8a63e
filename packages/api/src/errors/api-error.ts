import { errorTable } from './error-table.ts'

export type ErrorTable = typeof errorTable
/** The name of an expected error inside our code; callers see status, code and title. */
export type ErrorKey = keyof ErrorTable

type Names<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never
type DetailOf<Row> = Row extends { readonly detail: infer Text } ? Text : never
type ParamNames<K extends ErrorKey> = Names<ErrorTable[K]['title']> | Names<DetailOf<ErrorTable[K]>>

/** The values that the texts of an error need. */
export type ErrorParams<K extends ErrorKey> = { readonly [Name in ParamNames<K>]: string | number }

/** Optional parts of an expected error. */
export interface ErrorExtras {
  /** Replaces the detail of the table. */
  readonly detail?: string
  /** What went wrong underneath; for logs, never for the caller. */
  readonly cause?: unknown
  /** compat: answered instead of the envelope, for the one flow whose errors are data. */
  readonly answer?: DataAnswer
}

/** An answer of `{"data": …}` with a status that somebody else has chosen. */
export interface DataAnswer {
  readonly status: number
  readonly data: unknown
}

/** One entry of the error envelope; all three are always texts. */
export interface ErrorEntry {
  readonly code: string
  readonly title: string
  readonly detail: string
}

/** An error that the caller of the API is meant to read. Anything else that is thrown becomes a 500 without detail. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly key: ErrorKey
  readonly status: number
  /** At least one; the first decides the status. */
  readonly entries: readonly ErrorEntry[]
  /** Replaces the envelope; undefined for nearly every error. */
  readonly answer: DataAnswer | undefined

  constructor(key: ErrorKey, entries: readonly ErrorEntry[], { cause, answer }: ErrorExtras = {}) {
    const first = entries[0]
    super(
      first === undefined || first.detail === '' ? (first?.title ?? key) : `${first.title} ${first.detail}`,
      cause === undefined ? undefined : { cause },
    )
    this.key = key
    this.status = errorTable[key].status
    this.entries = entries
    this.answer = answer
  }
}

type Arguments<K extends ErrorKey> = [ParamNames<K>] extends [never]
  ? [params?: Readonly<Record<string, never>>, extras?: ErrorExtras]
  : [params: ErrorParams<K>, extras?: ErrorExtras]

/**
 * Makes an expected error: `throw apiError('client_not_found', { clientId })`.
 * @param params  fills the `{names}` in the title and detail of the table
 */
export function apiError<K extends ErrorKey>(key: K, ...[params, extras]: Arguments<K>): ApiError {
  const row: { code?: string; title: string; detail?: string } = errorTable[key]
  const entry: ErrorEntry = {
    code: row.code ?? '',
    title: fill(row.title, params ?? {}),
    detail: extras?.detail ?? fill(row.detail ?? '', params ?? {}),
  }
  return new ApiError(key, [entry], extras)
}

/** One error out of several, for requests with several faults; the first decides status and key. */
export function joinErrors(errors: readonly [ApiError, ...ApiError[]]): ApiError {
  return errors.length === 1
    ? errors[0]
    : new ApiError(
        errors[0].key,
        errors.flatMap((error) => error.entries),
      )
}

/** Throws all collected faults as one error; nothing when there are none. */
export function throwCollected(errors: readonly ApiError[]): void {
  const [first, ...rest] = errors
  if (first) throw joinErrors([first, ...rest])
}

const fill = (template: string, params: Readonly<Record<string, string | number>>): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(params, name) ? String(params[name]) : whole))

import type { z } from 'zod'

/** `{"data": …}`. The handler returns the value, the SDK gives it back. */
export interface DataReply<S extends z.ZodType = z.ZodType> {
  readonly kind: 'data'
  readonly status: 200 | 201
  readonly schema: S
  /** compat: some replies of the original are JSON that is declared as plain text. */
  readonly isDeclaredAsText?: true
}

/** `{"data": […], "meta": {"count": n}}`. Handler and SDK speak of a `Page`. */
export interface PageReply<S extends z.ZodType = z.ZodType> {
  readonly kind: 'page'
  readonly status: 200
  readonly schema: S
}

/** No body and no content type. */
export interface EmptyReply {
  readonly kind: 'empty'
  readonly status: 200 | 201 | 204
}

/** A JSON body without the envelope. */
export interface BareReply<S extends z.ZodType = z.ZodType> {
  readonly kind: 'bare'
  readonly status: 200
  readonly schema: S
}

export type Reply = DataReply | PageReply | EmptyReply | BareReply

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[]
  /** All matching rows, not only those of this page. */
  readonly count: number
}

/** A reply of `{"data": value}`. */
export const data = <S extends z.ZodType>(schema: S): DataReply<S> => ({ kind: 'data', status: 200, schema })

/** compat: a reply of `{"data": value}` with status 201 whose content type says that it is plain text. */
export const createdAsText = <S extends z.ZodType>(schema: S): DataReply<S> => ({
  kind: 'data',
  status: 201,
  schema,
  isDeclaredAsText: true,
})

/** A reply of one page: `schema` describes one item. */
export const page = <S extends z.ZodType>(schema: S): PageReply<S> => ({ kind: 'page', status: 200, schema })

/** A reply without a body: 204 unless the original answers otherwise. */
export const empty = (status: EmptyReply['status'] = 204): EmptyReply => ({ kind: 'empty', status })

/** A reply whose body is `schema` itself. */
export const bare = <S extends z.ZodType>(schema: S): BareReply<S> => ({ kind: 'bare', status: 200, schema })

/** What a handler returns for a reply, and what the SDK gives back. */
export type ReplyValue<R extends Reply> =
  R extends PageReply<infer S>
    ? Page<z.output<S>>
    : R extends DataReply<infer S> | BareReply<infer S>
      ? z.output<S>
      : undefined

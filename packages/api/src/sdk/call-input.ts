import type { z } from 'zod'
import type { EndpointSpec, ParamsOf } from '../endpoint.ts'
import type { ListGrammar } from '../lists/list-grammar.ts'

/** How a call proves who makes it. */
export type SdkCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }

/** What any call may be given. */
export interface CallOptions {
  /** Instead of the SDK's own. */
  readonly credentials?: SdkCredentials
  readonly signal?: AbortSignal
}

/** A query value; numbers and truth values are written as the API reads them. */
export type QueryInput = string | number | boolean

type Names<T> = T extends readonly (infer Name extends string)[] ? Name : never
type SortInput<Field extends string> = Field | `-${Field}`

/** A list query as a caller writes it. */
export interface ListInput<G extends ListGrammar = ListGrammar> {
  /** `-name` sorts downwards. */
  readonly sort?: SortInput<Names<G['sort']>> | readonly SortInput<Names<G['sort']>>[]
  /** Column, columns joined by `|`, `*`, or `column[operator]` → value or values, one of which is enough. */
  readonly filter?: Readonly<Record<string, QueryInput | readonly QueryInput[]>>
  /** Resource → the names to show. */
  readonly fields?: { readonly [R in keyof NonNullable<G['fields']>]?: readonly Names<NonNullable<G['fields']>[R]>[] }
  readonly page?: { readonly limit?: number; readonly offset?: number }
}

type Empty = Readonly<Record<never, never>>
type ParamsInput<E extends EndpointSpec> = keyof ParamsOf<E> extends never ? Empty : { readonly params: ParamsOf<E> }
type QueryPart<E extends EndpointSpec> = E extends { readonly query: infer Q extends z.ZodObject }
  ? { readonly query?: { readonly [K in keyof z.input<Q>]?: QueryInput | undefined } }
  : Empty
type ListPart<E extends EndpointSpec> = E extends { readonly list: infer G extends ListGrammar }
  ? { readonly list?: ListInput<G> }
  : Empty
type BodyPart<E extends EndpointSpec> = E extends { readonly body: infer B extends z.ZodObject }
  ? { readonly body: z.input<B> }
  : Empty

/** What a call of an endpoint takes. */
export type CallInput<E extends EndpointSpec> = ParamsInput<E> & QueryPart<E> & ListPart<E> & BodyPart<E> & CallOptions

/** The same without the types of one endpoint. */
export interface AnyCallInput extends CallOptions {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, QueryInput | undefined>>
  readonly list?: ListInput
  readonly body?: unknown
}

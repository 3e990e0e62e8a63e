import type { z } from 'zod'
import type { ErrorKey } from './errors/api-error.ts'
import type { ListGrammar, ListQuery } from './lists/list-grammar.ts'
import type { Permission } from './permissions.ts'
import type { Reply, ReplyValue } from './reply.ts'

/** Where every path of the API begins. */
export const API_PREFIX = '/api/v1'

/**
 * Who may call.
 * `user`: a known user, by Basic or Bearer; the handler gets the actor.
 * `none`: everybody.
 * `login`: everybody, but the call is an attempt to log in: its handler judges the credentials.
 * `bearer`: everybody, but the call is about the bearer token it carries: its handler judges the token.
 * `pending`: a user whose second factor is due, by the bearer token of that login; the handler gets the actor.
 */
export type Auth = 'user' | 'none' | 'login' | 'bearer' | 'pending'

/** Which bodies are read. `json`: whatever the content type says. `json-or-form`: the content type must be exactly one of the two. */
export type BodyForm = 'json' | 'json-or-form'

/** One operation of the API, described once: route, checks, SDK method and OpenAPI entry follow from it. */
export interface EndpointSpec {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Relative to `/api/v1`; parameters as `{name}`, one segment each. */
  readonly path: `/${string}`
  /** One line for the reference. */
  readonly summary: string
  /** What a caller must know beyond the types. */
  readonly description?: string
  readonly auth: Auth
  /** Whoever may set up the second factor of a login may call it before that login is whole. The limited token says so, too. */
  readonly whilePending?: true
  /** The group permission that guards it. */
  readonly permission?: Permission
  /** Only members of Administrators. */
  readonly admin?: boolean
  /** The path names a client (`{client_id}`): it must exist and the actor must have access to it. */
  readonly clientAccess?: boolean
  /** `application` and `action` of the audit log. */
  readonly audit?: readonly [application: string, action: string]
  /** Query values by name. Each is a text on the wire; unknown names are ignored, the first of repeated ones counts. */
  readonly query?: z.ZodObject
  /** The grammar of `sort`, `filter[…]`, `fields[…]`, `page[…]`. */
  readonly list?: ListGrammar
  readonly body?: z.ZodObject
  /** The error for a body that cannot be read, where the original has one of its own; otherwise `invalid_json`. */
  readonly bodyFault?: 'attributes_invalid' | 'token_body_invalid'
  /** `json` unless said otherwise. */
  readonly bodyForm?: BodyForm
  readonly reply: Reply
  /** Expected errors beyond those that follow from auth, permission, client access, query and body. */
  readonly errors: readonly ErrorKey[]
}

/** Describes one operation. The types of its parts are kept to the letter. */
export const endpoint = <const S extends EndpointSpec>(spec: S): S => spec

/** The operations of one noun of the API. */
export interface Resource<E extends Readonly<Record<string, EndpointSpec>> = Readonly<Record<string, EndpointSpec>>> {
  /** The heading in the reference. */
  readonly name: string
  readonly endpoints: E
}

/** Gathers the operations of a noun. The keys become handler names and SDK methods. */
export const resource = <const E extends Readonly<Record<string, EndpointSpec>>>(
  name: string,
  endpoints: E,
): Resource<E> => ({ name, endpoints })

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never

/** The path parameters of an endpoint, percent-decoded, never empty. */
export type ParamsOf<E extends EndpointSpec> = { readonly [Name in ParamNames<E['path']>]: string }

/** The query values of an endpoint after validation. */
export type QueryOf<E extends EndpointSpec> = E extends { readonly query: infer Q extends z.ZodObject }
  ? Readonly<z.output<Q>>
  : Readonly<Record<never, never>>

/** The parsed list query of an endpoint, if it has a grammar. */
export type ListOf<E extends EndpointSpec> = E extends { readonly list: infer G extends ListGrammar }
  ? ListQuery<G>
  : undefined

/** The body of an endpoint after validation. */
export type BodyOf<E extends EndpointSpec> = E extends { readonly body: infer B extends z.ZodObject }
  ? Readonly<z.output<B>>
  : undefined

/** What the handler of an endpoint returns. */
export type ReplyOf<E extends EndpointSpec> = ReplyValue<E['reply']>

/** Names of the parameters in a path, in order. */
export const paramNames = (path: string): string[] => [...path.matchAll(/\{([^{}]+)\}/g)].map((match) => match[1] ?? '')

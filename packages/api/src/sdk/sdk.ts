import { errorMessage, MS_PER_SECOND } from '@rport/kit'
import { z } from 'zod'
import { api } from '../api.ts'
import type { EndpointSpec, ReplyOf, Resource } from '../endpoint.ts'
import type { Reply } from '../reply.ts'
import type { AnyCallInput, CallInput, SdkCredentials } from './call-input.ts'
import { requestUrl } from './request-url.ts'
import { brokenError, parseJson, refusedError } from './sdk-error.ts'

/** Longer than the server gives a handler. */
const DEFAULT_TIMEOUT_MS = 120 * MS_PER_SECOND

export interface SdkOptions {
  /** Where the server is, such as `https://rport.example.com:3000`; empty for the page's own origin. */
  readonly baseUrl: string
  /** The runtime's own unless given. */
  readonly fetch?: typeof fetch
  /** For every call that names none itself; a function is asked at each call. */
  readonly credentials?: SdkCredentials | (() => SdkCredentials | Promise<SdkCredentials>)
  /** How long a call may take. */
  readonly timeoutMs?: number
  /** Hold every answer against its schema: for tests, and for callers that trust nobody. */
  readonly checkReplies?: boolean
}

/** Calls one endpoint. */
export type SdkMethod<E extends EndpointSpec> =
  Partial<CallInput<E>> extends CallInput<E>
    ? (input?: CallInput<E>) => Promise<ReplyOf<E>>
    : (input: CallInput<E>) => Promise<ReplyOf<E>>

type ResourceSdk<R extends Resource> = { readonly [K in keyof R['endpoints']]: SdkMethod<R['endpoints'][K]> }

/** Every operation of the API as a method: `sdk.tunnels.create({ params, query })`. */
export type Sdk = { readonly [R in keyof typeof api]: ResourceSdk<(typeof api)[R]> }

/**
 * Makes an SDK for one server. Methods give back the data of the answer and throw `SdkError` for everything else; they
 * throw RangeError for a path parameter that is empty.
 */
export function createSdk(options: SdkOptions): Sdk {
  const resources = Object.entries(api).map(([name, resource]) => [name, resourceSdk(options, resource)])
  // Built from the very declarations that the type is computed from.
  return Object.fromEntries(resources) as Sdk
}

function resourceSdk(options: SdkOptions, resource: Resource) {
  return Object.fromEntries(
    Object.entries(resource.endpoints).map(([name, spec]) => [
      name,
      (input: AnyCallInput = {}) => call(options, spec, input),
    ]),
  )
}

async function call(options: SdkOptions, spec: EndpointSpec, input: AnyCallInput): Promise<unknown> {
  const url = requestUrl(options.baseUrl, spec, input)
  const headers: Record<string, string> = await authorization(input.credentials ?? options.credentials)
  if (spec.body) headers['content-type'] = 'application/json'
  const { status, text } = await exchange(options, url, {
    method: spec.method,
    headers,
    ...(spec.body && { body: JSON.stringify(input.body ?? {}) }),
    // Credentials are for the server that was named, not for where it points to.
    redirect: 'error',
    signal: signalOf(input.signal, options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
  })
  if (status < 200 || status > 299) throw refusedError(status, text)
  return replyValue(spec.reply, status, text, options.checkReplies ?? false)
}

async function exchange(
  options: SdkOptions,
  url: string,
  init: RequestInit,
): Promise<{ status: number; text: string }> {
  const send = options.fetch ?? fetch
  try {
    const answer = await send(url, init)
    return { status: answer.status, text: await answer.text() }
  } catch (error) {
    throw brokenError(`no answer from the server: ${errorMessage(error)}`, undefined, error)
  }
}

const signalOf = (signal: AbortSignal | undefined, timeoutMs: number): AbortSignal =>
  signal ? AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) : AbortSignal.timeout(timeoutMs)

async function authorization(source: SdkOptions['credentials']): Promise<Record<string, string>> {
  const credentials = typeof source === 'function' ? await source() : source
  switch (credentials?.kind) {
    case 'basic':
      return { authorization: `Basic ${base64(`${credentials.username}:${credentials.password}`)}` }
    case 'bearer':
      return { authorization: `Bearer ${credentials.token}` }
    default:
      return {}
  }
}

/** btoa takes one byte per character: the UTF-8 bytes are handed to it as such. */
const base64 = (text: string): string =>
  btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''))

function replyValue(reply: Reply, status: number, text: string, check: boolean): unknown {
  if (reply.kind === 'empty') return undefined
  const document = parseJson(text)
  const result = envelopeOf(reply, check).safeParse(document)
  if (!result.success) {
    throw brokenError(
      `the answer is not what this API declares: ${z.prettifyError(result.error)}`,
      status,
      result.error,
    )
  }
  return result.data
}

/** The schema of a whole answer; without `check` only of its envelope. */
function envelopeOf(reply: Exclude<Reply, { kind: 'empty' }>, check: boolean): z.ZodType {
  const schema = check ? reply.schema : z.unknown()
  switch (reply.kind) {
    case 'bare':
      return check ? schema : z.unknown().refine((value) => value !== undefined, 'no JSON')
    case 'data':
      return z
        .object({ data: schema })
        .refine((document) => 'data' in document, 'no data')
        .transform(({ data }) => data)
    case 'page':
      return z
        .object({ data: z.array(schema), meta: z.object({ count: z.int().min(0) }) })
        .transform(({ data, meta }) => ({ items: data, count: meta.count }))
  }
}

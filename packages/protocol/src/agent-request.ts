import { DecodeError, type Json, parseBounded } from './go-json.ts'
import { MAX_FAILURE_CHARS } from './limits.ts'

/** Turns a value into the payload of a request or a success reply, and back. `decode` throws DecodeError. */
export interface Codec<T> {
  encode(value: T): string
  decode(text: string): T
}

/** One named question (or message) that a peer may send over a connection. */
export interface AgentRequest<Ask, Answer> {
  readonly name: string
  /** false: a message; nobody answers it. */
  readonly wantReply: boolean
  readonly ask: Codec<Ask>
  /** Success replies only; a failure carries a plain text. */
  readonly answer: Codec<Answer>
}

/** Declares a request; see check-port.ts for the shortest example. */
export const agentRequest = <Ask, Answer>(declaration: AgentRequest<Ask, Answer>): AgentRequest<Ask, Answer> =>
  declaration

/** Requests by our own name for them. */
export type RequestSet = Readonly<Record<string, AgentRequest<unknown, unknown>>>

export type AskOf<R> = R extends AgentRequest<infer Ask, unknown> ? Ask : never
export type AnswerOf<R> = R extends { readonly answer: Codec<infer Answer> } ? Answer : never

/** One handler for each request of the set: a missing or an extra one does not compile. */
export type RequestHandlers<S extends RequestSet> = {
  readonly [Name in keyof S]: (ask: AskOf<S[Name]>) => AnswerOf<S[Name]> | Promise<AnswerOf<S[Name]>>
}

/** What goes back over the wire: JSON (or nothing) on success, a plain text otherwise. */
export interface RequestOutcome {
  readonly ok: boolean
  readonly payload: string
}

/** An expected "no": the asking side reads `message`. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused'
}

/** The other side answered with a failure; `message` is its text. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed'
  /** The other side does not know this request: it is older than we are. */
  readonly isUnknown: boolean

  constructor(text: string) {
    super(text)
    this.isUnknown = text.includes(UNKNOWN_REQUEST)
  }
}

/** The original's answer to a name it does not know; peers look for these words. */
export const UNKNOWN_REQUEST = 'unknown request'
/** What the other side reads of an error that nobody expected: it learns nothing about our inside. */
const INTERNAL_ERROR = 'internal error'

/**
 * Answers one request of the peer; never rejects.
 * A name outside the set is answered `unknown request`, a payload that cannot be decoded with the field at fault, a
 * RequestRefused with its text. Anything else is answered neutrally and handed to `onBug`.
 */
export async function dispatchRequest<S extends RequestSet>(dispatch: {
  readonly requests: S
  readonly handlers: RequestHandlers<S>
  readonly name: string
  readonly payload: string
  readonly onBug: (error: unknown, name: string) => void
}): Promise<RequestOutcome> {
  const { requests, name, onBug } = dispatch
  const key = Object.keys(requests).find((candidate) => requests[candidate]?.name === name)
  const request = key === undefined ? undefined : requests[key]
  if (key === undefined || request === undefined) return { ok: false, payload: UNKNOWN_REQUEST }
  try {
    const handler = dispatch.handlers[key] as (ask: unknown) => unknown
    const answer = await handler(request.ask.decode(dispatch.payload))
    return { ok: true, payload: request.answer.encode(answer) }
  } catch (error) {
    if (error instanceof RequestRefused) return failure(error.message)
    if (error instanceof DecodeError) return failure(`${name}: ${error.message}`)
    onBug(error, name)
    return failure(INTERNAL_ERROR)
  }
}

/**
 * Reads the reply to a request that we asked.
 * @throws RequestFailed when the peer refused, DecodeError when its answer makes no sense
 */
export function readReply<Ask, Answer>(request: AgentRequest<Ask, Answer>, reply: RequestOutcome): Answer {
  if (!reply.ok) throw new RequestFailed(reply.payload.slice(0, MAX_FAILURE_CHARS).toWellFormed())
  return request.answer.decode(reply.payload)
}

/** JSON text; `read` gets a document whose size, depth and count were checked. */
export const jsonCodec = <T>(codec: { write(value: T): unknown; read(document: Json): T }): Codec<T> => ({
  encode: (value) => JSON.stringify(codec.write(value)),
  decode: (text) => codec.read(parseBounded(text)),
})

/** No payload at all. Whatever arrives is ignored: it carries no meaning. */
export const emptyCodec: Codec<void> = { encode: () => '', decode: () => undefined }

/** The answer to a message that has none: four bytes `null`, should a peer ask for it. */
export const nullCodec: Codec<void> = { encode: () => 'null', decode: () => undefined }

const failure = (text: string): RequestOutcome => ({
  ok: false,
  payload: text.slice(0, MAX_FAILURE_CHARS).toWellFormed(),
})

import { ApiError, type PlainError, type Reply } from '@rport/api'
import type { FastifyReply } from 'fastify'
import { encodeBody } from './compression.ts'
import { replyText } from './reply-body.ts'

/** What goes out on every answer: nothing of ours is to be guessed at, kept, framed or told to other sites. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** What keeps the server from answering passes within seconds, or somebody is called anyway. */
const RETRY_AFTER_SECONDS = 5

const JSON_TYPE = 'application/json; charset=UTF-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'

/** Sends a JSON text, compressed when the caller can read that; without a text the answer has neither body nor type. */
async function sendJson(
  reply: FastifyReply,
  status: number,
  text: string | undefined,
  type = JSON_TYPE,
): Promise<void> {
  reply.code(status)
  if (text === undefined) {
    await reply.send()
    return
  }
  const { body, encoding } = await encodeBody(Buffer.from(text), reply.request.headers['accept-encoding'])
  if (encoding) reply.header('content-encoding', encoding)
  await reply.header('content-type', type).send(body)
}

/** Sends what a handler returned. */
export const sendReply = (reply: FastifyReply, declared: Reply, value: unknown): Promise<void> =>
  sendJson(
    reply,
    declared.status,
    replyText(declared, value),
    declared.kind === 'data' && declared.isDeclaredAsText ? TEXT_TYPE : JSON_TYPE,
  )

/** Sends an error that its caller is meant to read. */
export async function sendError(reply: FastifyReply, error: ApiError | PlainError): Promise<void> {
  if (error.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS)
  if (error instanceof ApiError && error.answer) {
    await sendJson(reply, error.answer.status, JSON.stringify({ data: error.answer.data }))
  } else if (error instanceof ApiError) await sendJson(reply, error.status, JSON.stringify({ errors: error.entries }))
  else await sendPlain(reply, error)
}

/** Sends a plain text; the line end is the original's. */
export async function sendPlain(reply: FastifyReply, error: PlainError): Promise<void> {
  await reply.code(error.status).header('content-type', TEXT_TYPE).send(`${error.message}\n`)
}

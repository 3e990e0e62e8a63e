import { errorMessage } from '@rport/kit'
import { type AgentRequest, DecodeError, RequestFailed, readReply } from '@rport/protocol'
import type { Connection, RequestOptions } from '@rport/transport'

/**
 * A question to an agent was not answered as hoped.
 * `refused`: it said no, the message is its text. `unknown`: it does not know the question. `unreadable`: its answer makes
 * no sense. `no-answer`: late, gone, or too many questions at once.
 */
export class AgentError extends Error {
  override readonly name = 'AgentError'
  readonly code: 'refused' | 'unknown' | 'unreadable' | 'no-answer'

  constructor(code: AgentError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Asks one question over a connection and decodes the answer. @throws AgentError, or the signal's reason */
export async function askAgent<Ask, Answer>(
  connection: Pick<Connection, 'request'>,
  request: AgentRequest<Ask, Answer>,
  ask: Ask,
  options: RequestOptions,
): Promise<Answer> {
  try {
    const reply = await connection.request(request.name, request.ask.encode(ask), options)
    return readReply(request, { ok: reply.ok, payload: reply.payload.toString('utf8') })
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof RequestFailed) {
      throw new AgentError(error.isUnknown ? 'unknown' : 'refused', error.message, { cause: error })
    }
    const code = error instanceof DecodeError ? 'unreadable' : 'no-answer'
    throw new AgentError(code, errorMessage(error), { cause: error })
  }
}

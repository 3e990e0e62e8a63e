import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AgentLockout } from './agent-login.ts'
import { BANNED, faultOf, NOT_FOUND, sendPlainAnswer } from './plain-answers.ts'

/** Answers a request on the agents' port that is no agent's, whatever it is. @param address  true address of the caller */
export type AnswerPlain = (request: IncomingMessage, response: ServerResponse, address: string) => void

export interface PlainDeskDeps {
  readonly lockout: Pick<AgentLockout, 'isBanned'>
  readonly maxRequestBytes: number
  /** May answer a request; @returns whether it does. */
  readonly answer: (request: IncomingMessage, response: ServerResponse, address: string) => boolean
}

/** Turns away who is banned or sends too much; what nobody answers is answered with an empty 404. */
export function createPlainDesk({ lockout, maxRequestBytes, answer }: PlainDeskDeps): AnswerPlain {
  return (request, response, address) => {
    if (lockout.isBanned(address)) return sendPlainAnswer(response, BANNED)
    const fault = faultOf(request, maxRequestBytes)
    if (!fault && answer(request, response, address)) return
    // An upgrade to something else reaches us here or there, depending on its headers: the answer is the same.
    sendPlainAnswer(response, fault ?? NOT_FOUND)
  }
}

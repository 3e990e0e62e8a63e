import { agentRequest, emptyCodec, type RequestOutcome, UNKNOWN_REQUEST } from './agent-request.ts'

/** Keep-alive in both directions: nothing is asked, nothing is answered. */
export const ping = agentRequest({ name: 'ping', wantReply: true, ask: emptyCodec, answer: emptyCodec })

/**
 * Whether a reply shows that the peer lives.
 * compat: agents before 0.8.2 do not know `ping` and say so; some later ones answer `null`.
 */
export const pingProvesLife = (reply: RequestOutcome): boolean => reply.ok || reply.payload.includes(UNKNOWN_REQUEST)

import { MS_PER_SECOND } from '@rport/kit'

/** A code on its way to a user. */
export interface CodeMessage {
  readonly sendTo: string
  readonly code: string
  /** How long it is good. */
  readonly lifetimeMs: number
  /** Of whoever logs in: any text, bounded by the header limit. */
  readonly userAgent: string
  readonly address: string
}

/** A way to send codes. */
export interface CodeDelivery {
  /** compat: the name that the API says. */
  readonly method: 'email' | 'pushover' | 'script' | 'url'
  /** Resolves when the other side has taken it. @throws Error that says why not, for the log */
  send(message: CodeMessage, signal: AbortSignal): Promise<void>
  /** Why codes cannot be sent there; undefined: they can, as far as can be told. */
  receiverFault(sendTo: string, signal: AbortSignal): Promise<string | undefined>
  /** Tries whether it would work, without sending anything. @throws Error that says why not */
  probe(signal: AbortSignal): Promise<void>
}

export const TITLE = '🔐 RPort Two-Factor Token'

const MAX_AGENT_LENGTH = 200

/** The text for people. */
export function toText({ code, lifetimeMs, userAgent, address }: CodeMessage): string {
  return [
    `Your code for logging in to RPort: ${code}`,
    '',
    `Asked for from ${address || 'an unknown address'}, with ${shown(userAgent) || 'an unknown program'}.`,
    `It is good once, and for ${secondsOf(lifetimeMs)} seconds.`,
    'If this was not you, somebody knows your password: change it.',
    '',
  ].join('\n')
}

/** Whole seconds. */
export const secondsOf = (lifetimeMs: number): string => String(Math.floor(lifetimeMs / MS_PER_SECOND))

/** What a caller calls itself, without line ends and within bounds. */
const shown = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ').slice(0, MAX_AGENT_LENGTH)

import { type Clock, errorCode, errorMessage, systemClock, type Timer } from '@rport/kit'
import { TransportError, type TransportErrorCode } from '@rport/transport'

/** What one end says: questions with their answers, and what it only tells. */
export interface Vocabulary {
  asks: object
  tells: object
}
type Question<V extends Vocabulary, K extends keyof V['asks']> = V['asks'][K] extends [infer Ask, unknown] ? Ask : never
type Answer<V extends Vocabulary, K extends keyof V['asks']> = V['asks'][K] extends [unknown, infer Reply]
  ? Reply
  : never

/** Answers what the other end says. A question may be given up: then its signal aborts, and nobody waits for the answer. */
export type LineHandlers<V extends Vocabulary> = {
  readonly [K in keyof V['asks']]: (ask: Question<V, K>, signal: AbortSignal) => Answer<V, K> | Promise<Answer<V, K>>
} & { readonly [K in keyof V['tells']]: (told: V['tells'][K]) => void }

/** Carries messages in order. */
export interface Carrier {
  send(messages: readonly Message[]): void
  /** Called once; what came before is kept. */
  onMessages(receive: (messages: readonly Message[]) => void): void
}

/** One end of a conversation between two processes of this program. */
export interface Line<Own extends Vocabulary, Other extends Vocabulary> {
  /** @throws what the other end has thrown, TransportError(closed) when the line ends, or the signal's reason */
  ask<K extends keyof Own['asks'] & string>(
    kind: K,
    ask: Question<Own, K>,
    signal?: AbortSignal,
  ): Promise<Answer<Own, K>>
  tell<K extends keyof Own['tells'] & string>(kind: K, told: Own['tells'][K]): void
  /** The same, in its order, but only with what is said next, or a moment later: for what nobody waits for. */
  mention<K extends keyof Own['tells'] & string>(kind: K, told: Own['tells'][K]): void
  /** Starts delivery. Called once. */
  serve(handlers: LineHandlers<Other>): void
  /** The other process is gone: whatever is open fails. Idempotent. */
  end(reason: string): void
  readonly isOver: boolean
}

/** An error as it travels. `isTransport`: it arrives as a TransportError. */
interface Fault {
  readonly message: string
  readonly code: string | undefined
  readonly isTransport: boolean
}

export type Message =
  | readonly ['tell', kind: string, told: unknown]
  | readonly ['ask', number: number, kind: string, ask: unknown]
  | readonly ['answer', number: number, answer: unknown]
  | readonly ['fault', number: number, fault: Fault]
  | readonly ['give-up', number: number]

interface OpenQuestion {
  resolve(answer: unknown): void
  reject(error: unknown): void
}

/** So long may wait what is only mentioned. */
const MENTION_MS = 20

/** Puts what is said in one turn of the loop into one message: under load that saves most of its cost. */
export function createLine<Own extends Vocabulary, Other extends Vocabulary>(
  carrier: Carrier,
  clock: Clock = systemClock,
): Line<Own, Other> {
  const open = new Map<number, OpenQuestion>()
  const answering = new Map<number, AbortController>()
  let handlers: Record<string, (said: unknown, signal: AbortSignal) => unknown> | undefined
  let waiting: Message[] = []
  let lastNumber = 0
  let overReason: string | undefined

  let isFlushing = false
  let mention: Timer | undefined

  const flush = () => {
    isFlushing = false
    mention?.cancel()
    mention = undefined
    const messages = waiting
    waiting = []
    if (overReason === undefined) carrier.send(messages)
  }
  const say = (message: Message) => {
    if (overReason !== undefined) return
    waiting.push(message)
    if (isFlushing) return
    isFlushing = true
    setImmediate(flush)
  }
  const mentionSoon = (message: Message) => {
    if (overReason !== undefined) return
    waiting.push(message)
    if (!isFlushing) mention ??= clock.setTimeout(flush, MENTION_MS, { background: true })
  }

  const answer = async (number: number, kind: string, ask: unknown) => {
    const givenUp = new AbortController()
    answering.set(number, givenUp)
    try {
      say(['answer', number, await handlers?.[kind]?.(ask, givenUp.signal)])
    } catch (error) {
      say(['fault', number, toFault(error)])
    } finally {
      answering.delete(number)
    }
  }
  const receive = (message: Message) => {
    switch (message[0]) {
      case 'tell':
        handlers?.[message[1]]?.(message[2], NEVER)
        break
      case 'ask':
        void answer(message[1], message[2], message[3])
        break
      case 'answer':
        open.get(message[1])?.resolve(message[2])
        break
      case 'fault':
        open.get(message[1])?.reject(toError(message[2]))
        break
      case 'give-up':
        answering.get(message[1])?.abort(new Error('nobody waits for the answer any more'))
    }
  }

  return {
    get isOver() {
      return overReason !== undefined
    },
    ask(kind, question, signal) {
      if (overReason !== undefined) return Promise.reject(new TransportError('closed', overReason))
      if (signal?.aborted) return Promise.reject(signal.reason)
      lastNumber += 1
      const number = lastNumber
      const { promise, resolve, reject } = Promise.withResolvers<never>()
      const giveUp = () => {
        say(['give-up', number])
        open.get(number)?.reject(signal?.reason)
      }
      const settle = () => {
        open.delete(number)
        signal?.removeEventListener('abort', giveUp)
      }
      open.set(number, {
        resolve(reply) {
          settle()
          resolve(reply as never)
        },
        reject(error) {
          settle()
          reject(error)
        },
      })
      signal?.addEventListener('abort', giveUp, { once: true })
      say(['ask', number, kind, question])
      return promise
    },
    tell: (kind, told) => say(['tell', kind, told]),
    mention: (kind, told) => mentionSoon(['tell', kind, told]),
    serve(served) {
      handlers = served as unknown as typeof handlers
      carrier.onMessages((messages) => messages.forEach(receive))
    },
    end(reason) {
      if (overReason !== undefined) return
      overReason = reason
      mention?.cancel()
      for (const question of [...open.values()]) question.reject(new TransportError('closed', reason))
      for (const givenUp of answering.values()) givenUp.abort(new Error(reason))
    },
  }
}

const NEVER = new AbortController().signal

const toFault = (error: unknown): Fault => ({
  message: errorMessage(error),
  code: error instanceof TransportError ? error.code : errorCode(error),
  isTransport: error instanceof TransportError,
})

function toError({ message, code, isTransport }: Fault): Error {
  if (isTransport) return new TransportError(code as TransportErrorCode, message)
  return Object.assign(new Error(message), code === undefined ? {} : { code })
}

import { type Clock, type Timer, toError } from '@rport/kit'
import type { RequestOptions, RequestReply } from '../connection.ts'
import { TransportError } from '../errors.ts'

interface OpenRequest {
  /** undefined once the caller has stopped waiting; a request that was sent must keep its place in the row. */
  settle: ((outcome: RequestReply | Error) => void) | undefined
  readonly send: () => void
}

export interface OpenRequestsLimits {
  /** Requests that are sent and not yet answered. */
  readonly sent: number
  /** Requests that wait for their turn to be sent. */
  readonly waiting: number
}

/**
 * Our own requests, in the order in which the peer will answer them (RFC 4254 section 4). Only some of them are under way
 * at once: peers answer one after the other and give up whoever asks for more at a time than an honest peer would.
 */
export class OpenRequests {
  readonly #clock: Clock
  readonly #limits: OpenRequestsLimits
  #row: OpenRequest[] = []
  #waiting: OpenRequest[] = []

  constructor(clock: Clock, limits: OpenRequestsLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#limits.waiting
  }

  /**
   * Takes the next place in the row. The time limit counts from now, the wait for the turn included.
   * @param send  puts the request on the wire; called at most once, in this turn or later
   */
  add(name: string, options: RequestOptions, send: () => void): Promise<RequestReply> {
    return new Promise((resolve, reject) => {
      const request: OpenRequest = { settle: undefined, send }
      let timer: Timer | undefined
      const onAbort = () => request.settle?.(toError(options.signal?.reason))
      request.settle = (outcome) => {
        request.settle = undefined
        timer?.cancel()
        options.signal?.removeEventListener('abort', onAbort)
        if (outcome instanceof Error) {
          this.#waiting = this.#waiting.filter((other) => other !== request)
          reject(outcome)
        } else resolve(outcome)
      }
      timer = this.#clock.setTimeout(() => {
        request.settle?.(new TransportError('timed-out', `no answer to ${name} within ${options.timeoutMs} ms`))
      }, options.timeoutMs)
      options.signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(request)
      this.#sendNext()
    })
  }

  /** The peer's answer to the oldest request. A surplus one is dropped: agents 0.9.2 to 0.9.6 answer some pings twice. */
  receive(reply: RequestReply): void {
    this.#row.shift()?.settle?.(reply)
    this.#sendNext()
  }

  failAll(error: Error): void {
    const all = [...this.#row, ...this.#waiting]
    this.#row = []
    this.#waiting = []
    for (const request of all) request.settle?.(error)
  }

  #sendNext(): void {
    while (this.#row.length < this.#limits.sent) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#row.push(next)
      next.send()
    }
  }
}

/** The peer's requests that want a reply: replies leave in the order of the questions, whenever each becomes known. */
export class ReplyRow {
  readonly #send: (reply: RequestReply) => void
  #row: { reply: RequestReply | undefined }[] = []

  constructor(send: (reply: RequestReply) => void) {
    this.#send = send
  }

  get length(): number {
    return this.#row.length
  }

  /** @returns the function to call with the reply, once */
  open(): (reply: RequestReply) => void {
    const place: { reply: RequestReply | undefined } = { reply: undefined }
    this.#row.push(place)
    return (reply) => {
      place.reply ??= reply
      while (this.#row[0]?.reply) {
        const due = this.#row.shift()?.reply
        if (due) this.#send(due)
      }
    }
  }
}

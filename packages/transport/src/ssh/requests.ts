import { type Clock, type Timer, toError } from '@rport/kit'
import type { RequestOptions, RequestReply } from '../connection.ts'
import { TransportError } from '../errors.ts'

interface OpenRequest {
  /** undefined once the caller has stopped waiting; the place in the row must stay. */
  settle: ((outcome: RequestReply | Error) => void) | undefined
}

/** Our own requests, in the order in which the peer will answer them (RFC 4254 section 4). */
export class OpenRequests {
  readonly #clock: Clock
  readonly #limit: number
  #row: OpenRequest[] = []

  constructor(clock: Clock, limit: number) {
    this.#clock = clock
    this.#limit = limit
  }

  get isFull(): boolean {
    return this.#row.length >= this.#limit
  }

  /** Takes the next place in the row. The request must be sent in the same turn. */
  add(name: string, options: RequestOptions): Promise<RequestReply> {
    return new Promise((resolve, reject) => {
      const request: OpenRequest = { settle: undefined }
      let timer: Timer | undefined
      const onAbort = () => request.settle?.(toError(options.signal?.reason))
      request.settle = (outcome) => {
        request.settle = undefined
        timer?.cancel()
        options.signal?.removeEventListener('abort', onAbort)
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
      timer = this.#clock.setTimeout(() => {
        request.settle?.(new TransportError('timed-out', `no answer to ${name} within ${options.timeoutMs} ms`))
      }, options.timeoutMs)
      options.signal?.addEventListener('abort', onAbort, { once: true })
      this.#row.push(request)
    })
  }

  /** The peer's answer to the oldest request. A surplus one is dropped: agents 0.9.2 to 0.9.6 answer some pings twice. */
  receive(reply: RequestReply): void {
    this.#row.shift()?.settle?.(reply)
  }

  failAll(error: Error): void {
    const row = this.#row
    this.#row = []
    for (const request of row) request.settle?.(error)
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

import type { Logger } from '@rport/kit'
import type { ConnectionHandlers, RequestReply } from '../connection.ts'
import { TransportError } from '../errors.ts'
import { decodeGlobalRequest, encodeRequestReply } from './messages/global-request.ts'
import { ReplyRow } from './requests.ts'

/** Largest request and largest answer: Go peers take no packet above 256 KiB (wire-protocol 2.3). */
export const MAX_REQUEST_BYTES = 262_144 - 512
/** Payloads of the peer's requests that our owner has not dealt with; above, the peer waits. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024

export interface PeerRequestsDeps {
  readonly log: Logger
  /** Requests that may be under way at once. */
  readonly limit: number
  readonly send: (message: Buffer) => void
  /** More is under way than we want to hold, or no longer so: the peer is to wait, or may go on. */
  readonly onBusy: (isBusy: boolean) => void
}

/** The peer's global requests: handed to the owner in order of arrival, answered in that order, too. */
export class PeerRequests {
  readonly #deps: PeerRequestsDeps
  readonly #replies: ReplyRow
  #pending = 0
  #pendingBytes = 0
  #isBusy = false
  handlers: ConnectionHandlers | undefined

  constructor(deps: PeerRequestsDeps) {
    this.#deps = deps
    this.#replies = new ReplyRow((reply) => deps.send(encodeRequestReply(reply.ok, reply.payload)))
  }

  /** SSH_MSG_GLOBAL_REQUEST. @throws TransportError when more answers are owed than any honest peer waits for */
  receive(packet: Buffer): void {
    const { name, wantReply, payload } = decodeGlobalRequest(packet)
    if (wantReply && this.#replies.length >= this.#deps.limit) {
      throw new TransportError('protocol-error', `more than ${this.#deps.limit} requests wait for an answer`)
    }
    const place = wantReply ? this.#replies.open() : undefined
    const answer = (reply: RequestReply) => place?.(this.#fitting(name, reply))
    const onThrown = (thrown: unknown) => {
      this.#deps.log.error({ err: thrown, request: name }, 'request of the peer failed')
      answer(NO_REPLY)
    }
    try {
      const reply = this.handlers?.onRequest(name, Buffer.from(payload), wantReply) ?? NO_REPLY
      if (reply instanceof Promise) this.#await(reply.then(answer).catch(onThrown), payload.length)
      else answer(reply)
    } catch (thrown) {
      onThrown(thrown)
    }
  }

  /** A Go peer drops a connection that brings it a packet beyond its limit: better one failed request. */
  #fitting(name: string, reply: RequestReply): RequestReply {
    const byteCount = reply.payload.length
    if (byteCount <= MAX_REQUEST_BYTES) return reply
    this.#deps.log.error({ request: name, byteCount, maxBytes: MAX_REQUEST_BYTES }, 'answer too large to be sent')
    return { ok: false, payload: Buffer.from(`answer of ${byteCount} bytes, at most ${MAX_REQUEST_BYTES} can be sent`) }
  }

  #await(settled: Promise<void>, byteCount: number): void {
    this.#pending += 1
    this.#pendingBytes += byteCount
    this.#judge()
    void settled.then(() => {
      this.#pending -= 1
      this.#pendingBytes -= byteCount
      this.#judge()
    })
  }

  #judge(): void {
    const { limit } = this.#deps
    const isBusy = this.#isBusy
      ? this.#pending > limit / 2 || this.#pendingBytes > MAX_PENDING_BYTES / 2
      : this.#pending > limit || this.#pendingBytes > MAX_PENDING_BYTES
    if (isBusy === this.#isBusy) return
    this.#isBusy = isBusy
    this.#deps.onBusy(isBusy)
  }
}

const NO_REPLY: RequestReply = { ok: false, payload: Buffer.alloc(0) }

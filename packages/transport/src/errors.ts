import type { ChannelRefusal } from './channel.ts'

export type TransportErrorCode =
  | 'closed'
  | 'timed-out'
  | 'too-many-requests'
  | 'too-large'
  | 'dial-failed'
  | 'proxy-refused'
  | 'certificate-refused'
  | 'upgrade-refused'
  | 'handshake-failed'
  | 'fingerprint-mismatch'
  | 'auth-refused'
  | 'protocol-error'

/** Something between the two programs failed. Decide by `code`; the message is for people. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportErrorCode
  /** The peer asked us to stay away for so long, in milliseconds; not bounded here. */
  readonly retryAfterMs: number | undefined

  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options)
    this.code = code
    this.retryAfterMs = options?.retryAfterMs
  }
}

/** The peer refused a channel; `message` is its text. */
export class ChannelRefused extends Error {
  override readonly name = 'ChannelRefused'
  readonly reason: ChannelRefusal | number

  constructor(reason: ChannelRefusal | number, text: string) {
    super(text)
    this.reason = reason
  }
}

import type { KeyPair } from './key-pair.ts'

/** Where a TLS listener has its certificate from, now and after each renewal. */
export interface Certificates {
  /** The pair in force. */
  current(): KeyPair
  /** Calls back with each new pair. One listener at a time: the one whose certificate it is. */
  onChange(listener: (pair: KeyPair) => void): void
  /** Looks for a new pair at once. Never rejects: a bad one is logged, the old one stays. */
  reload(): Promise<void>
  /** Ends looking for new ones. Idempotent. */
  close(): Promise<void>
}

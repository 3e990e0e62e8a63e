import type { Fields } from './go-fields.ts'
import { MAX_FEATURES } from './limits.ts'

/**
 * Abilities beyond the original that a peer announces, as a list `Features` in `new_connection` and
 * `put_capabilities`; the original's programs ignore the key. One is used only when both sides announced it.
 */
export const features = {
  /** Passes on that one direction of a channel has ended while the other goes on. */
  halfClose: 'half-close',
  /** Frames masked with zeros: the mask protects browsers and proxies, of which there is none between us under TLS. */
  zeroMask: 'zero-mask',
  /** Takes the first data of a channel behind the message that opens it, before it has said whether it wants the channel. */
  earlyData: 'early-data',
} as const

export const readFeatures = (fields: Fields): readonly string[] => fields.texts('Features', MAX_FEATURES, 64) ?? []

/** The key only when there is something to announce, so that an old peer sees what it always saw. */
export const writeFeatures = (list: readonly string[]): { Features?: readonly string[] } =>
  list.length === 0 ? {} : { Features: list }

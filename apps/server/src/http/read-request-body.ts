import type { IncomingMessage } from 'node:http'
import { apiError } from '@rport/api'
import type { Clock } from '@rport/kit'
import { CallerGone } from './caller-gone.ts'
import { DRAIN_BYTES } from './limits.ts'

/** A body that was read to its end, or the fact that it is too large. */
export type RequestBody = { readonly kind: 'read'; readonly text: string } | { readonly kind: 'too-large' }

/**
 * Reads the body of a request. Of one that is too large a little more is read and dropped, so that its sender sees the
 * answer instead of a reset connection; nothing beyond `maxBytes` is kept.
 * @throws body_timeout, CallerGone
 */
export function readRequestBody(
  request: IncomingMessage,
  { maxBytes, timeoutMs, clock }: { maxBytes: number; timeoutMs: number; clock: Clock },
): Promise<RequestBody> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let seenBytes = 0
    const end = (action: () => void) => {
      timer.cancel()
      request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      request.pause()
      action()
    }
    const onData = (chunk: Buffer) => {
      seenBytes += chunk.length
      if (seenBytes <= maxBytes) chunks.push(chunk)
      else chunks.length = 0
      if (seenBytes > maxBytes + DRAIN_BYTES) end(() => resolve({ kind: 'too-large' }))
    }
    const onEnd = () => {
      // Bytes that are no UTF-8 become U+FFFD, as the original does.
      const text = seenBytes > maxBytes ? undefined : Buffer.concat(chunks).toString('utf8')
      end(() => resolve(text === undefined ? { kind: 'too-large' } : { kind: 'read', text }))
    }
    const onError = (error: Error) => end(() => reject(error))
    const onClose = () => end(() => reject(new CallerGone()))
    const timer = clock.setTimeout(() => end(() => reject(apiError('body_timeout'))), timeoutMs)
    request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}

/** Whether a request announces a body at all. */
export const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0

/**
 * Whether the connection can serve another request although the body was not read: what is announced is small enough
 * to be drained. Otherwise a caller could keep a refused request alive by never ending its body.
 */
export const canDrain = (request: IncomingMessage, maxBytes: number): boolean =>
  request.complete ||
  !hasBody(request) ||
  (request.headers['transfer-encoding'] === undefined && Number(request.headers['content-length']) <= maxBytes)

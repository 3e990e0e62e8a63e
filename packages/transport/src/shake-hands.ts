import type { Connection } from './connection.ts'
import type { SshSession } from './ssh/session.ts'

/**
 * Runs the handshake of a session that was just made, in either role.
 * @param stopText  why it ends when `signal` aborts
 * @returns         the session, authenticated
 * @throws          TransportError
 */
export async function shakeHands(
  session: SshSession,
  signal: AbortSignal | undefined,
  stopText: string,
): Promise<Connection> {
  const onAbort = () => session.close(stopText)
  signal?.addEventListener('abort', onAbort, { once: true })
  session.start()
  if (signal?.aborted) onAbort()
  try {
    await session.authenticated
    return session
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

import { type Clock, MS_PER_SECOND } from '@rport/kit'
import { ping } from '@rport/protocol'
import type { Connection } from '@rport/transport'

/** A server that lives answers in milliseconds, over a satellite in a second or two. */
const ANSWER_WITHIN_MS = 5 * MS_PER_SECOND

/** Asks at once whether a link still carries anything; one that does not is closed, so that the next can be made. */
export async function checkLink(connection: Connection, clock: Clock): Promise<void> {
  const askedAt = clock.monotonic()
  try {
    await connection.request(ping.name, '', { timeoutMs: ANSWER_WITHIN_MS })
  } catch {
    // Whatever kept the answer away, bytes that arrived since then say that the link is alive.
    if (!connection.isClosed && connection.lastReceivedAt <= askedAt) connection.close('the link did not survive')
  }
}

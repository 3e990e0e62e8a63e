import type { Connection } from '@rport/transport'

/** Why somebody on the agents' port was turned away. */
export type LinkRefusal = 'banned' | 'busy' | 'credentials' | 'handshake' | 'limit' | 'no-agent'

/** What happened on the agents' port since the start. Only counts: reading them is the business of whoever asks. */
export interface LinkCounts {
  /** An agent has logged in; its bytes are counted until and after its end. */
  opened(connection: Connection): void
  refused(reason: LinkRefusal): void
  read(): {
    readonly logins: number
    readonly refused: Readonly<Record<LinkRefusal, number>>
    readonly receivedBytes: number
    readonly sentBytes: number
  }
}

/** Nothing is counted yet. Connections count their own bytes; they are added up when somebody asks. */
export function createLinkCounts(): LinkCounts {
  const live = new Set<Connection>()
  const refusals: Record<LinkRefusal, number> = {
    banned: 0,
    busy: 0,
    credentials: 0,
    handshake: 0,
    limit: 0,
    'no-agent': 0,
  }
  let logins = 0
  let endedReceived = 0
  let endedSent = 0
  return {
    opened(connection) {
      logins += 1
      live.add(connection)
      void connection.closed.then(() => {
        live.delete(connection)
        endedReceived += connection.bytesReceived
        endedSent += connection.bytesSent
      })
    },
    refused(reason) {
      refusals[reason] += 1
    },
    read() {
      let receivedBytes = endedReceived
      let sentBytes = endedSent
      for (const connection of live) {
        receivedBytes += connection.bytesReceived
        sentBytes += connection.bytesSent
      }
      return { logins, refused: { ...refusals }, receivedBytes, sentBytes }
    },
  }
}

import type { Connection } from '@rport/transport'

/** Who is connected: at most one live connection for each client id. */
export interface Connections {
  /** The connection of a client, if it is there and not closed. */
  find(clientId: string): Connection | undefined
  /** Makes `connection` the one of this client. The caller has closed the one before it. */
  set(clientId: string, connection: Connection): void
  /** Forgets `connection`; one that took its place in the meantime stays. @returns whether it was the current one */
  remove(clientId: string, connection: Connection): boolean
  /** How many clients are connected. */
  count(): number
  /** Every client id with its connection, in order of arrival. */
  list(): IterableIterator<[clientId: string, connection: Connection]>
}

/** An empty book of connections. It owns none of them: whoever accepted a connection closes it. */
export function createConnections(): Connections {
  const byClient = new Map<string, Connection>()
  return {
    find(clientId) {
      const connection = byClient.get(clientId)
      return connection?.isClosed ? undefined : connection
    },
    set: (clientId, connection) => void byClient.set(clientId, connection),
    remove: (clientId, connection) => byClient.get(clientId) === connection && byClient.delete(clientId),
    count: () => byClient.size,
    list: () => byClient.entries(),
  }
}

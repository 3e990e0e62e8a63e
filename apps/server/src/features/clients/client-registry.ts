import { addressGroup, type Clock, type Logger } from '@rport/kit'
import type { JoinedWrite } from '../../db/index.ts'
import type { Tunnel, TunnelMemory } from '../tunnels/index.ts'
import type { Client } from './client.ts'
import type { ClientStore } from './client-store.ts'
import { createLatestWrite } from './latest-write.ts'
import { createSortedIds, type SortField } from './sorted-ids.ts'

/** All clients, connected or not: a cache of the table that is complete from `start` on. */
export interface ClientRegistry extends TunnelMemory {
  /** Reads the table. Every client is disconnected then. */
  start(): Promise<void>
  find(id: string): Client | undefined
  /** In no particular order. */
  list(): IterableIterator<Client>
  count(): { connected: number; disconnected: number }
  /** All ids in the order of a field; do not change it. */
  sortedIds(field: SortField): readonly string[]
  /** Another number whenever a client came, went, or has new facts; signs of life are no news. */
  readonly revision: number
  /** How many clients were last connected from this address (IPv6: from its network of 64 bits), if not now. */
  countAt(address: string): number
  /** Ids of the clients that a credential registered. */
  idsOfClientAuth(clientAuthId: string): ReadonlySet<string>
  /** Adds or replaces a client. Known to everybody at once; settles when it is on the disk. A failure takes it back. */
  save(client: Client): Promise<void>
  /**
   * The same for a client that arrives: on the disk it is connected, to everybody else it is not before `appear`, because
   * nobody can reach it yet.
   */
  announce(client: Client): Promise<void>
  /** The client can be reached from now on. */
  appear(id: string): void
  /** Replaces single facts of a client, if it is still there. */
  update(id: string, facts: Partial<Omit<Client, 'id' | 'clientAuthId'>>, options?: UpdateOptions): Promise<void>
  delete(id: string): Promise<void>
}

export interface UpdateOptions {
  /** false for what a restart may forget. */
  readonly durable: boolean
  /** What is on the disk with these facts, or neither is. Not looked at when the client is not there. */
  readonly joined?: JoinedWrite | undefined
}

export interface ClientRegistryDeps {
  readonly store: ClientStore
  readonly clock: Clock
  readonly log: Logger
}

const NOBODY: ReadonlySet<string> = new Set()

/** A client that arrives waits so long for others: a fleet that comes back shares its flushes of the disk. */
const ARRIVAL_PATIENCE_MS = 20

/** How a client is to be written. */
interface Wish {
  readonly joined?: JoinedWrite | undefined
  readonly patienceMs: number
}

/** An empty registry until `start`. It owns nothing that must be closed; the database is its caller's. */
export function createClientRegistry({ store, clock, log }: ClientRegistryDeps): ClientRegistry {
  const clients = new Map<string, Client>()
  const byClientAuth = new Map<string, Set<string>>()
  const byAddress = new Map<string, number>()
  /** Clients that will be connected when they are on the disk. */
  const arriving = new Set<string>()
  const sorted = createSortedIds(clients)
  let connected = 0
  let revision = 0
  const persist = createLatestWrite<Wish>(async (id, wishes) => {
    const client = clients.get(id)
    const joined = wishes.flatMap((wish) => wish.joined ?? [])
    const row = client && arriving.has(id) ? { ...client, disconnectedAt: undefined } : client
    if (row) await store.save(row, joined, Math.min(...wishes.map((wish) => wish.patienceMs)))
  })

  /** The one place that changes the map: everything that follows from it is kept in step here. */
  const put = (id: string, after: Client | undefined) => {
    const before = clients.get(id)
    if (after) clients.set(id, after)
    else clients.delete(id)
    sorted.changed(before, after)
    if (!isOnlyAlive(before, after)) revision += 1
    connected += Number(isConnected(after)) - Number(isConnected(before))
    if (before?.address !== after?.address) {
      if (before) count(byAddress, addressGroup(before.address), -1)
      if (after) count(byAddress, addressGroup(after.address), 1)
    }
    if (before?.clientAuthId === after?.clientAuthId) return
    if (before) removeFrom(byClientAuth, before.clientAuthId, id)
    if (after) byClientAuth.set(after.clientAuthId, (byClientAuth.get(after.clientAuthId) ?? new Set()).add(id))
  }
  const update: ClientRegistry['update'] = async (id, facts, { durable, joined } = { durable: true }) => {
    const before = clients.get(id)
    if (!before) return
    const after = { ...before, ...facts }
    put(id, after)
    if (durable) await persistOrTakeBack(before, after, { joined, patienceMs: 0 })
  }
  /** @returns what was there before */
  const replace = (client: Client): Client | undefined => {
    const before = clients.get(client.id)
    put(client.id, client)
    return before
  }
  const persistOrTakeBack = async (before: Client | undefined, after: Client, wish: Wish) => {
    try {
      await persist(after.id, wish)
    } catch (error) {
      // Unless somebody has changed it again: then his write decides.
      if (clients.get(after.id) === after) put(after.id, before)
      throw error
    }
  }

  return {
    async start() {
      for (const client of await store.load(clock.now())) put(client.id, client)
      log.info({ clients: clients.size }, 'clients loaded')
    },
    find: (id) => clients.get(id),
    list: () => clients.values(),
    count: () => ({ connected, disconnected: clients.size - connected }),
    sortedIds: sorted.by,
    get revision() {
      return revision
    },
    countAt: (address) => byAddress.get(addressGroup(address)) ?? 0,
    idsOfClientAuth: (clientAuthId) => byClientAuth.get(clientAuthId) ?? NOBODY,
    save: (client) => persistOrTakeBack(replace(client), client, { patienceMs: 0 }),
    async announce(client) {
      const { id } = client
      const hidden = { ...client, disconnectedAt: clients.get(id)?.disconnectedAt ?? clock.now() }
      arriving.add(id)
      try {
        await persistOrTakeBack(replace(hidden), hidden, { patienceMs: ARRIVAL_PATIENCE_MS })
      } finally {
        arriving.delete(id)
      }
    },
    appear(id) {
      const client = clients.get(id)
      if (client) put(id, { ...client, disconnectedAt: undefined })
    },
    update,
    keepTunnels: (id: string, tunnels: readonly Tunnel[], joined?: JoinedWrite) =>
      update(id, { tunnels }, { durable: true, joined }),
    async passOnTunnels(from, to) {
      const theirs = [...clients.values()].filter(({ tunnels }) => tunnels.some(({ owner }) => owner === from))
      for (const { id } of theirs) {
        const tunnels = clients.get(id)?.tunnels ?? []
        await update(id, { tunnels: tunnels.map((each) => (each.owner === from ? { ...each, owner: to } : each)) })
      }
    },
    async delete(id) {
      const before = clients.get(id)
      put(id, undefined)
      try {
        await store.delete(id)
      } catch (error) {
        if (before && !clients.has(id)) put(id, before)
        throw error
      }
    },
  }
}

const isConnected = (client: Client | undefined): boolean => client !== undefined && client.disconnectedAt === undefined

/** Whether nothing but the last sign of life is different. */
function isOnlyAlive(before: Client | undefined, after: Client | undefined): boolean {
  if (!before || !after) return false
  const keys = Object.keys(after) as (keyof Client)[]
  return keys.every((key) => key === 'lastHeartbeatAt' || after[key] === before[key])
}

function count(counts: Map<string, number>, key: string, more: number): void {
  const sum = (counts.get(key) ?? 0) + more
  if (sum > 0) counts.set(key, sum)
  else counts.delete(key)
}

function removeFrom(sets: Map<string, Set<string>>, key: string, id: string): void {
  const set = sets.get(key)
  set?.delete(id)
  if (set?.size === 0) sets.delete(key)
}

import type { Client } from './client.ts'

/** Fields that the list of clients can be sorted by. */
export const sortFields = ['id', 'name', 'os', 'hostname', 'version'] as const
export type SortField = (typeof sortFields)[number]

/**
 * The ids of all clients in the order of a field, kept from one request to the next: a page of a large fleet must not sort
 * the fleet. An order is made when it is asked for, and made again only after something happened that could change it.
 */
export interface SortedIds {
  /** Ascending, letter case ignored, equal ones by id. Do not change it. */
  by(field: SortField): readonly string[]
  /** A client came, went or has new facts; undefined: it was not, or is no more. */
  changed(before: Client | undefined, after: Client | undefined): void
}

/** @param clients  the map to be ordered; whoever changes it says so by `changed`, after the change */
export function createSortedIds(clients: ReadonlyMap<string, Client>): SortedIds {
  const orders = new Map<SortField, readonly string[]>()
  return {
    by(field) {
      const known = orders.get(field)
      if (known) return known
      const keys = Array.from(clients.values(), (client) => ({ id: client.id, key: client[field].toLowerCase() }))
      keys.sort((left, right) => compare(left.key, right.key) || compare(left.id, right.id))
      const order = keys.map(({ id }) => id)
      orders.set(field, order)
      return order
    },
    changed(before, after) {
      for (const field of sortFields) {
        if (before?.[field] !== after?.[field]) orders.delete(field)
      }
      if (!before || !after) orders.clear()
    },
  }
}

/** By code units, as the original; a collation would cost the most of a large list. */
const compare = (left: string, right: string): number => (left < right ? -1 : Number(left > right))

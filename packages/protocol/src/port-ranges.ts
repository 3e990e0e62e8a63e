import { excerpt } from './host-text.ts'
import { MAX_PORT, MAX_PORT_RANGES } from './limits.ts'

/** A set of ports: ranges in ascending order that neither touch nor overlap; both ends belong to it. */
export type PortRanges = readonly PortRange[]

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** A text that names no ports; the message is the inner text of the original. */
export class PortRangesError extends Error {
  override readonly name = 'PortRangesError'
}

/**
 * Reads a list of `N` and `A-B` (0 to 65535, A not above B), the grammar of `used_ports` and `excluded_ports`.
 * @throws PortRangesError
 */
export function parsePortRanges(list: readonly string[]): PortRanges {
  if (list.length > MAX_PORT_RANGES) {
    throw new PortRangesError(`${list.length} entries are too many: use at most ${MAX_PORT_RANGES}`)
  }
  return normalize(
    list.map((text) => {
      const parts = text.split('-')
      if (parts.length > 2) throw new PortRangesError(`can't parse port range: incorrect range ${excerpt(text)}`)
      const first = parseNumber(parts[0] ?? '')
      const last = parts.length === 1 ? first : parseNumber(parts[1] ?? '')
      if (first > last) throw new PortRangesError(`invalid port range ${excerpt(text)}`)
      return { first, last }
    }),
  )
}

/** Writes the set in the same grammar. */
export const formatPortRanges = (ranges: PortRanges): string[] =>
  ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`))

/** The ports that are in `left` or in `right`. */
export const unionPorts = (left: PortRanges, right: PortRanges): PortRanges => normalize([...left, ...right])

/** The ports of `from` that are not in `without`. */
export function subtractPorts(from: PortRanges, without: PortRanges): PortRanges {
  const rest: PortRange[] = []
  for (const range of from) {
    let first = range.first
    for (const hole of without) {
      if (hole.last < first || hole.first > range.last) continue
      if (hole.first > first) rest.push({ first, last: hole.first - 1 })
      first = hole.last + 1
    }
    if (first <= range.last) rest.push({ first, last: range.last })
  }
  return rest
}

export const hasPort = (ranges: PortRanges, port: number): boolean =>
  ranges.some(({ first, last }) => port >= first && port <= last)

/** How many ports the set has. */
export const countPorts = (ranges: PortRanges): number =>
  ranges.reduce((count, { first, last }) => count + last - first + 1, 0)

/** One port of the set, all equally likely; undefined when it is empty. 0 ≤ random() < 1. */
export function pickPort(ranges: PortRanges, random: () => number): number | undefined {
  let index = Math.floor(random() * countPorts(ranges))
  for (const { first, last } of ranges) {
    if (first + index <= last) return first + index
    index -= last - first + 1
  }
  return undefined
}

/** Every port of the set once, in ascending order from a random one on and round: for a search that ends at a free one. */
export function* portsFromRandom(ranges: PortRanges, random: () => number): Generator<number, void> {
  const start = pickPort(ranges, random)
  if (start === undefined) return
  for (const { first, last } of ranges) {
    for (let port = Math.max(first, start); port <= last; port += 1) yield port
  }
  for (const { first, last } of ranges) {
    for (let port = first; port <= Math.min(last, start - 1); port += 1) yield port
  }
}

function parseNumber(text: string): number {
  if (!/^[+-]?\d{1,19}$/.test(text)) {
    throw new PortRangesError(`can't parse port number ${excerpt(text)}: not a whole number`)
  }
  const port = Number(text)
  if (port < 0 || port > MAX_PORT) throw new PortRangesError(`invalid port number: ${port}`)
  return port
}

function normalize(ranges: readonly PortRange[]): PortRanges {
  const merged: PortRange[] = []
  for (const range of ranges.toSorted((left, right) => left.first - right.first)) {
    const previous = merged.at(-1)
    if (previous && range.first <= previous.last + 1) {
      merged[merged.length - 1] = { first: previous.first, last: Math.max(previous.last, range.last) }
    } else {
      merged.push(range)
    }
  }
  return merged
}

import { buildGoPeer } from './go-peer.ts'

/** What the runner does once before the first file, for all workers. */
export function setup(): void {
  buildGoPeer()
}

import { readdirSync, readFileSync } from 'node:fs'

/** What the kernel says of a process (Linux). */
export interface ProcessFacts {
  /** Memory that is really there, pages shared with other processes counted by their share. */
  readonly memoryBytes: number
  readonly descriptors: number
}

/** @throws when the process is gone, or belongs to somebody else */
export function processFacts(pid: number): ProcessFacts {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return {
    memoryBytes: Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  }
}

import { readdirSync, readFileSync } from 'node:fs'

/** What the kernel says of a process (Linux). */
export interface ProcessFacts {
  /** Memory that is really there, pages shared with other processes counted by their share. */
  readonly memoryBytes: number
  readonly descriptors: number
}

/** Of a process and its children. @throws when one is gone, or belongs to somebody else */
export function processFacts(pid: number): ProcessFacts {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  const all = [pid, ...children.map(Number)].map(factsOfOne)
  return {
    memoryBytes: all.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    descriptors: all.reduce((sum, { descriptors }) => sum + descriptors, 0),
  }
}

function factsOfOne(pid: number): ProcessFacts {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return {
    memoryBytes: Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  }
}

import { readFileSync } from 'node:fs'

/**
 * How many files and sockets this process may have open at a time, as in force now (the runtime raises the soft limit to
 * the hard one at its start).
 * @returns undefined where the system does not say
 */
export function readDescriptorLimit(readLimits = () => readFileSync('/proc/self/limits', 'utf8')): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readLimits())?.[1]
    return soft === undefined || soft === 'unlimited' ? undefined : Number(soft)
  } catch {
    // Not Linux: nobody tells.
    return undefined
  }
}

import { readdirSync, readFileSync } from 'node:fs'

/** Ticks of /proc per second: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** What a line of /proc/PID/stat says that we use. */
export interface ProcessStat {
  readonly parentPid: number
  /** User and system time, without children. */
  readonly cpuSeconds: number
}

/** Reads /proc/PID/stat. The name in brackets may hold spaces and brackets of its own. @see proc(5) */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // Field 3 of the manual page is the first one after the name: 4 is the parent, 14 and 15 are the times.
  const parentPid = Number(fields[1])
  const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  return { parentPid, cpuSeconds }
}

/** Processor time of these processes and all that descend from them, in seconds, so far. Processes that ended are left out. */
export function cpuSecondsOf(pids: readonly number[]): number {
  if (pids.length === 0) return 0
  const stats = new Map<number, ProcessStat>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const stat = readStat(Number(entry))
    if (stat) stats.set(Number(entry), stat)
  }
  const isOurs = (pid: number): boolean => {
    for (let at = pid; at > 1; at = stats.get(at)?.parentPid ?? 0) if (pids.includes(at)) return true
    return false
  }
  let sum = 0
  for (const [pid, stat] of stats) if (isOurs(pid)) sum += stat.cpuSeconds
  return sum
}

function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return undefined // it ended while we looked
  }
}

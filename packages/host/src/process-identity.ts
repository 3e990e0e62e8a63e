import { readFile, readlink } from 'node:fs/promises'
import { errorCode } from '@rport/kit'

/** Names one run of one process: a process id alone is given away again after a while, and after each boot. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot at which the process started; empty where the system does not tell. */
  readonly startedAt: string
  /** Boot and process-id namespace (a container has its own); empty where the system does not tell. */
  readonly world: string
}

/** States of a process that has ended and whose parent has not looked at its end yet: it holds nothing any more. */
const ENDED = ['Z', 'X']

/** Who a process is now, or undefined when there is no such process. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  if (!isAlive(pid)) return undefined
  const { state, startedAt } = await look(pid)
  // Where the parent never looks, as in many a container, such an entry stays for ever.
  if (ENDED.includes(state)) return undefined
  return { pid, startedAt, world: await worldOf() }
}

/**
 * Whether the process that `identity` names still runs. A process of another boot or container counts as gone:
 * its number means somebody else here.
 */
export async function isStillRunning(identity: ProcessIdentity): Promise<boolean> {
  const now = await identify(identity.pid)
  return now !== undefined && now.startedAt === identity.startedAt && now.world === identity.world
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM' // somebody else's process, alive
  }
}

/** @see proc(5), /proc/[pid]/stat fields 3 and 22; the second field may hold spaces and brackets, so counting starts behind it */
async function look(pid: number): Promise<{ state: string; startedAt: string }> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', startedAt: fields[19] ?? '' }
}

async function worldOf(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  return `${boot.trim()} ${namespace}`.trim()
}

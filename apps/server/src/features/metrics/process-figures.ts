import { readdir } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { MS_PER_SECOND } from '@rport/kit'
import { type Family, single } from './exposition.ts'

const MICROSECONDS_PER_SECOND = 1_000_000

/**
 * What the process costs. The names are those that Prometheus' own libraries give these figures, so that common
 * dashboards know them.
 * @param maxDescriptors  undefined: not known on this system
 */
export async function processFamilies(maxDescriptors: number | undefined): Promise<readonly Family[]> {
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const openDescriptors = await countDescriptors()
  const activeSeconds = performance.eventLoopUtilization().active / MS_PER_SECOND
  return [
    single('counter', 'process_cpu_seconds_total', 'Processor time used.', (user + system) / MICROSECONDS_PER_SECOND),
    single('gauge', 'process_resident_memory_bytes', 'Memory that the process occupies.', rss),
    single('gauge', 'nodejs_heap_size_used_bytes', 'Memory of live objects and of those not yet collected.', heapUsed),
    single('gauge', 'nodejs_external_memory_bytes', 'Memory of buffers and other things beside the heap.', external),
    single(
      'gauge',
      'process_start_time_seconds',
      'When the process started, in seconds since 1970-01-01 UTC.',
      Math.round(performance.timeOrigin) / MS_PER_SECOND,
    ),
    single('counter', 'rport_event_loop_active_seconds_total', 'Time in which the event loop was busy.', activeSeconds),
    ...optional('process_open_fds', 'Files and sockets that are open.', openDescriptors),
    ...optional('process_max_fds', 'Files and sockets that may be open.', maxDescriptors),
  ]
}

const optional = (name: string, help: string, value: number | undefined): Family[] =>
  value === undefined ? [] : [single('gauge', name, help, value)]

/** Undefined where the system has no such folder. */
async function countDescriptors(): Promise<number | undefined> {
  try {
    // The folder itself is open while it is read.
    return (await readdir('/proc/self/fd')).length - 1
  } catch {
    // Not Linux, or no descriptor left to look with: the figure is left out.
    return undefined
  }
}

import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type Finding, readDescriptorLimit } from '@rport/host'
import { type Check, fail, ok, warn } from './examination.ts'

/** Every agent, tunnel visitor and API caller needs one. */
const FEW_DESCRIPTORS = 4096
/** The day that this check was written: no clock that is right shows an earlier one. */
const EARLIEST_AT = Date.UTC(2026, 0, 1)

/** Clock and limits of the machine. */
export const checkMachine: Check = async ({ clock, serverPid }) => [
  await checkClock(clock.now()),
  checkDescriptors(serverPid),
]

async function checkClock(now: number): Promise<Finding> {
  const shown = new Date(now).toISOString()
  if (now < EARLIEST_AT) return fail('clock', `it shows ${shown}`, 'set the clock: timedatectl set-ntp true')
  const isKept = await stat('/run/systemd/timesync/synchronized').catch(() => undefined)
  return ok('clock', `${shown}${isKept ? ', kept right by systemd-timesyncd' : ''}`)
}

/** Of the server that runs, where one runs: a service has other limits than a shell. */
function checkDescriptors(pid: number | undefined): Finding {
  const limit = readDescriptorLimit(() => readFileSync(`/proc/${pid ?? 'self'}/limits`, 'utf8'))
  const whose = pid === undefined ? 'a program started here' : 'the running server'
  if (limit === undefined) return ok('open files', 'this system does not tell their limit')
  const detail = `${whose} may have ${limit} files and sockets open`
  if (limit >= FEW_DESCRIPTORS) return ok('open files', detail)
  return warn('open files', detail, 'LimitNOFILE=65536 in the unit, or ulimit -n 65536 before the start')
}

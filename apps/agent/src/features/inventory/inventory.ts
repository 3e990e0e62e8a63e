import { type Clock, errorMessage, inTime, type Logger } from '@rport/kit'
import type { Inventory } from '@rport/protocol'
import {
  type Processor,
  readMemoryTotalBytes,
  readProcessor,
  readVirtualization,
  type Virtualization,
} from './linux-hardware.ts'
import { type Platform, readLinuxPlatform } from './linux-platform.ts'
import { readMacPlatform } from './mac-platform.ts'
import { goArch, goSystem, type Machine } from './machine.ts'
import type { RootFiles } from './root-files.ts'
import { readZoneNames, timezoneText, type ZoneNames } from './timezone.ts'

/** Where the facts of a registration come from. */
export interface InventorySource {
  /** What is known now; never waits. Starts looking again, so that the next registration knows what has changed. */
  current(): Inventory
  /** Looks at everything and answers within the budget; what is late is `unknown` this time and known the next. */
  collect(): Promise<Inventory>
}

/** The original's budget for all of it: a dead network file system must not keep the machine away from its server. */
const BUDGET_MS = 5000
const UNKNOWN = 'unknown'

/** What has to be read from files, each by its own probe. */
interface Findings {
  platform?: Platform
  processor?: Processor | undefined
  memoryTotalBytes?: number | undefined
  virtualization?: Virtualization
  zoneNames?: ZoneNames
}

/**
 * @param files    the machine's files; read on Linux, and for single facts elsewhere
 * @param machine  what the runtime knows
 */
export function createInventory(deps: {
  files: RootFiles
  machine: Machine
  clock: Clock
  log: Logger
}): InventorySource {
  const { files, machine, clock, log } = deps
  const findings: Findings = {}
  const running = new Map<keyof Findings, Promise<void>>()

  /** One probe at a time: one that hangs in the kernel must not be joined by more with each reconnect. */
  const probe = <Key extends keyof Findings>(key: Key, look: () => Promise<Findings[Key]>): Promise<void> => {
    const pending = running.get(key)
    if (pending !== undefined) return pending
    const done = look()
      .then((found) => {
        findings[key] = found
      })
      .catch((error: unknown) => log.debug({ probe: key, error: errorMessage(error) }, 'inventory probe failed'))
      .finally(() => running.delete(key))
    running.set(key, done)
    return done
  }

  const look = (): Promise<unknown> => {
    const probes = [probe('zoneNames', () => readZoneNames(files, machine.timezone()))]
    if (machine.platform === 'linux') {
      probes.push(
        probe('platform', () => readLinuxPlatform(files)),
        probe('processor', () => readProcessor(files)),
        probe('memoryTotalBytes', () => readMemoryTotalBytes(files)),
        probe('virtualization', () => readVirtualization(files)),
      )
    } else if (machine.platform === 'darwin') {
      probes.push(probe('platform', () => readMacPlatform(files)))
    }
    return Promise.all(probes)
  }

  const told = () => describe(machine, findings, clock.now())
  return {
    current() {
      look().catch(() => undefined) // each probe has logged its own failure
      return told()
    },
    async collect() {
      await inTime(look(), { timeoutMs: BUDGET_MS, clock }).catch(() => undefined) // what is late is named below
      if (running.size > 0) log.warn({ late: [...running.keys()], budgetMs: BUDGET_MS }, 'inventory is incomplete')
      return told()
    },
  }
}

function describe(machine: Machine, findings: Findings, nowMs: number): Inventory {
  const attempt = <T>(read: () => T, otherwise: T): T => {
    try {
      return read()
    } catch {
      return otherwise // the runtime may be forbidden to ask, for example in a sandbox: that is "unknown", too
    }
  }
  const isLinux = machine.platform === 'linux'
  const { platform, processor, virtualization } = findings
  const hostname = attempt(() => machine.hostname(), '') || UNKNOWN
  const addresses = attempt(() => machine.addresses().filter(({ internal }) => !internal), null)
  const addressesOf = (family: string) =>
    addresses?.filter((item) => item.family === family).map((item) => item.address.replace(/%.*$/, '')) ?? null
  const cpus = attempt(() => machine.cpus(), [])
  return {
    os: attempt(() => systemText(machine, hostname, platform), UNKNOWN),
    osFullName: fullName(platform) || attempt(() => systemName(machine), UNKNOWN),
    osVersion:
      platform?.version || (machine.platform === 'win32' ? attempt(() => machine.uname().release, UNKNOWN) : UNKNOWN),
    osVirtualizationSystem: virtualization?.system ?? (isLinux ? UNKNOWN : ''),
    osVirtualizationRole: virtualization?.role ?? (isLinux ? UNKNOWN : ''),
    osArch: goArch(machine),
    osFamily: platform?.name ? platform.family : UNKNOWN,
    osKernel: goSystem(machine.platform),
    hostname,
    cpuFamily: processor?.family || UNKNOWN,
    cpuModel: processor?.model || UNKNOWN,
    cpuModelName: processor?.modelName || cpus[0]?.model.trim() || UNKNOWN,
    cpuVendor: processor?.vendor || UNKNOWN,
    numCpus: processor?.count || cpus.length,
    memoryTotalBytes: findings.memoryTotalBytes ?? attempt(() => machine.memoryTotalBytes(), 0),
    timezone: attempt(() => timezoneText(findings.zoneNames ?? [], machine.utcOffsetMinutes(nowMs)), UNKNOWN),
    ipv4: addressesOf('IPv4'),
    ipv6: addressesOf('IPv6'),
  }
}

/** The words of `uname -a`. BusyBox, and so Alpine, says `Linux` where GNU's tools say `GNU/Linux`. */
function systemText(machine: Machine, hostname: string, platform: Platform | undefined): string {
  const { type, release, version, machine: hardware } = machine.uname()
  if (machine.platform === 'win32') return `${version} ${release}`
  const words = [type, hostname, release, version, hardware]
  if (machine.platform === 'linux') words.push(platform?.name === 'alpine' ? 'Linux' : 'GNU/Linux')
  return words.join(' ')
}

/** `Debian 12.11`, `Opensuse-Leap 15.5`; empty when the distribution is not known. */
function fullName(platform: Platform | undefined): string {
  if (!platform?.name) return ''
  const name = platform.name.replace(/(?<![\p{L}\p{N}_])\p{L}/gu, (letter) => letter.toUpperCase())
  return `${name} ${platform.version}`.trim()
}

/** What other systems call themselves: `Windows 11 Pro 10.0.22631`. Linux has no name of its own. */
function systemName(machine: Machine): string {
  const { type, release, version } = machine.uname()
  if (machine.platform === 'linux') return UNKNOWN
  return `${machine.platform === 'win32' ? version : type} ${release}`
}

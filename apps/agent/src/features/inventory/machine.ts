import os from 'node:os'

/** What the runtime knows of the machine at once, without reading files. */
export interface Machine {
  /** Node's names: `linux`, `darwin`, `win32`. */
  readonly platform: string
  /** Node's names: `x64`, `arm64`, `ia32`. */
  readonly arch: string
  readonly isLittleEndian: boolean
  hostname(): string
  /** The parts of `uname`: system, kernel release, kernel build, hardware. */
  uname(): { type: string; release: string; version: string; machine: string }
  cpus(): readonly { model: string }[]
  memoryTotalBytes(): number
  addresses(): readonly { family: string; address: string; internal: boolean }[]
  /** Name in the time zone database, such as `Europe/Berlin`. */
  timezone(): string
  /** Minutes that local time is ahead of UTC at an instant (milliseconds since 1970). */
  utcOffsetMinutes(atMs: number): number
}

/** The machine that this process runs on. */
export const thisMachine: Machine = {
  platform: process.platform,
  arch: process.arch,
  isLittleEndian: os.endianness() === 'LE',
  hostname: () => os.hostname(),
  uname: () => ({ type: os.type(), release: os.release(), version: os.version(), machine: os.machine() }),
  cpus: () => os.cpus(),
  memoryTotalBytes: () => os.totalmem(),
  addresses: () => Object.values(os.networkInterfaces()).flatMap((list) => list ?? []),
  timezone: () => new Intl.DateTimeFormat().resolvedOptions().timeZone,
  utcOffsetMinutes: (atMs) => -new Date(atMs).getTimezoneOffset(),
}

const GO_ARCH: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', mipsel: 'mipsle' }

/** The name that Go, and so every rport server, has for a processor architecture. */
export function goArch(machine: Pick<Machine, 'arch' | 'isLittleEndian'>): string {
  if (machine.arch === 'ppc64' && machine.isLittleEndian) return 'ppc64le'
  return GO_ARCH[machine.arch] ?? machine.arch
}

/** The name that Go has for an operating system. */
export const goSystem = (platform: string): string => (platform === 'win32' ? 'windows' : platform)

import type { RootFiles } from './root-files.ts'

/** The first processor, and how many there are. What is not known is empty or 0. */
export interface Processor {
  readonly family: string
  readonly model: string
  readonly modelName: string
  readonly vendor: string
  readonly count: number
}

/** Who makes ARM processors, by the number in `CPU implementer`. */
const ARM_VENDORS: Readonly<Record<string, string>> = {
  '0x41': 'ARM',
  '0x42': 'Broadcom',
  '0x43': 'Cavium',
  '0x44': 'DEC',
  '0x46': 'FUJITSU',
  '0x48': 'HiSilicon',
  '0x49': 'Infineon',
  '0x4d': 'Motorola/Freescale',
  '0x4e': 'NVIDIA',
  '0x50': 'APM',
  '0x51': 'Qualcomm',
  '0x53': 'Samsung',
  '0x56': 'Marvell',
  '0x61': 'Apple',
  '0x66': 'Faraday',
  '0x69': 'Intel',
  '0xc0': 'Ampere',
}

/** Reads `/proc/cpuinfo`. */
export async function readProcessor(files: RootFiles): Promise<Processor | undefined> {
  const text = await files.read('proc/cpuinfo')
  if (text === undefined) return undefined
  const first = new Map<string, string>()
  let count = 0
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const key = line.slice(0, colon).trim()
    if (key === 'processor') count += 1
    // Boards of ARM machines write more lines below the processors; the first of each name is the processor's.
    if (count <= 1 && !first.has(key)) first.set(key, line.slice(colon + 1).trim())
  }
  const implementer = first.get('CPU implementer') ?? ''
  return {
    family: first.get('cpu family') ?? '',
    model: first.get('model') ?? first.get('CPU part') ?? '',
    modelName: first.get('model name') ?? '',
    vendor: first.get('vendor_id') ?? ARM_VENDORS[implementer] ?? implementer,
    count,
  }
}

/** Bytes of memory, from `/proc/meminfo`. */
export async function readMemoryTotalBytes(files: RootFiles): Promise<number | undefined> {
  const match = /^MemTotal:\s+(\d{1,15}) kB$/m.exec((await files.read('proc/meminfo')) ?? '')
  return match ? Number(match[1]) * 1024 : undefined
}

/** What the machine runs on when it is a virtual one. */
export interface Virtualization {
  readonly system: string
  readonly role: string
}

/** Drivers that only a guest has, as the kernel lists them for its PCI devices. */
const GUEST_DRIVERS: readonly (readonly [driver: string, system: string])[] = [
  ['hyperv_fb', 'HYPERV'],
  ['vmwgfx', 'VMWARE'],
  ['virtio-pci', 'KVM'],
  ['xen-platform-pci', 'XEN'],
]

/** compat: without a PCI bus both texts are empty, with one that shows nothing they are unknown. */
export async function readVirtualization(files: RootFiles): Promise<Virtualization> {
  for (const device of ['dev/vmbus/hv_vss', 'dev/vmbus/hv_kvp']) {
    if (await files.exists(device)) return { system: 'HYPERV', role: 'guest' }
  }
  const devices = await files.read('proc/bus/pci/devices')
  if (devices === undefined) return { system: '', role: '' }
  const found = GUEST_DRIVERS.find(([driver]) => devices.includes(driver))
  return found ? { system: found[1], role: 'guest' } : { system: 'UNKNOWN', role: 'unknown' }
}

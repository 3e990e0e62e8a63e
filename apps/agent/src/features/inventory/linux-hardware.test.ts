import { describe, expect, test } from 'vitest'
import { readMemoryTotalBytes, readProcessor, readVirtualization } from './linux-hardware.ts'
import { fixtureRoot } from './testing/fixture-root.ts'

const intel = (index: number) =>
  `processor\t: ${index}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 167\nmodel name\t: Intel(R) Xeon(R): 2.6GHz\nflags\t\t: fpu vme\n\n`
const arm = (index: number) =>
  `processor\t: ${index}\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n\n`

describe('the processor', () => {
  test('of a PC is the first of them', async () => {
    const files = await fixtureRoot({ 'proc/cpuinfo': intel(0) + intel(1) + intel(2) })
    expect(await readProcessor(files)).toEqual({
      family: '6',
      model: '167',
      modelName: 'Intel(R) Xeon(R): 2.6GHz',
      vendor: 'GenuineIntel',
      count: 3,
    })
  })

  test('of an ARM board is named by its maker and part', async () => {
    const files = await fixtureRoot({
      'proc/cpuinfo': `${arm(0)}${arm(1)}Hardware\t: BCM2835\nModel\t\t: Raspberry Pi 4\n`,
    })
    expect(await readProcessor(files)).toEqual({ family: '', model: '0xd08', modelName: '', vendor: 'ARM', count: 2 })
  })

  test('is unknown without the file, and empty with garbage', async () => {
    expect(await readProcessor(await fixtureRoot({}))).toBeUndefined()
    expect(await readProcessor(await fixtureRoot({ 'proc/cpuinfo': 'nonsense' }))).toMatchObject({
      count: 0,
      family: '',
    })
  })
})

describe('memory', () => {
  test('is in bytes', async () => {
    const files = await fixtureRoot({ 'proc/meminfo': 'MemTotal:       24682416 kB\nMemFree:  1 kB\n' })
    expect(await readMemoryTotalBytes(files)).toBe(25_274_793_984)
  })

  test.each<Record<string, string>>([{}, { 'proc/meminfo': 'MemTotal: many kB\n' }])(
    'is not known from %j',
    async (tree) => {
      expect(await readMemoryTotalBytes(await fixtureRoot(tree))).toBeUndefined()
    },
  )
})

describe('virtualization', () => {
  const pci = (driver: string) => `0010\t1af41001\t0\t${driver}\n0018\t80861237\t0\t\n`
  test.each<[string, Record<string, string>, string, string]>([
    ['KVM', { 'proc/bus/pci/devices': pci('virtio-pci') }, 'KVM', 'guest'],
    ['VMware', { 'proc/bus/pci/devices': pci('vmwgfx') }, 'VMWARE', 'guest'],
    ['Xen', { 'proc/bus/pci/devices': pci('xen-platform-pci') }, 'XEN', 'guest'],
    ['Hyper-V by its frame buffer', { 'proc/bus/pci/devices': pci('hyperv_fb') }, 'HYPERV', 'guest'],
    ['Hyper-V by its bus', { 'dev/vmbus/hv_kvp': '', 'proc/bus/pci/devices': pci('e1000') }, 'HYPERV', 'guest'],
    ['a real machine', { 'proc/bus/pci/devices': pci('e1000') }, 'UNKNOWN', 'unknown'],
    ['a machine without PCI', {}, '', ''],
  ])('%s', async (_what, tree, system, role) => {
    expect(await readVirtualization(await fixtureRoot(tree))).toEqual({ system, role })
  })
})

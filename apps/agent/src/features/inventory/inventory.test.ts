import { silentLogger } from '@rport/kit'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { describe, expect, test } from 'vitest'
import { createInventory } from './inventory.ts'
import { goArch, goSystem, type Machine, thisMachine } from './machine.ts'
import { createRootFiles, type RootFiles } from './root-files.ts'
import { fixtureRoot } from './testing/fixture-root.ts'

const machine: Machine = {
  platform: 'linux',
  arch: 'x64',
  isLittleEndian: true,
  hostname: () => 'vm',
  uname: () => ({ type: 'Linux', release: '6.1.0', version: '#1 SMP', machine: 'x86_64' }),
  cpus: () => [{ model: 'Some CPU ' }, { model: 'Some CPU ' }],
  memoryTotalBytes: () => 1024,
  addresses: () => [
    { family: 'IPv4', address: '127.0.0.1', internal: true },
    { family: 'IPv4', address: '192.0.2.2', internal: false },
    { family: 'IPv6', address: '::1', internal: true },
    { family: 'IPv6', address: 'fd00::2', internal: false },
    { family: 'IPv6', address: 'fe80::1%eth0', internal: false },
  ],
  timezone: () => 'Etc/UTC',
  utcOffsetMinutes: () => 0,
}

const debian = {
  'etc/debian_version': '12.11\n',
  'proc/cpuinfo':
    'processor: 0\nvendor_id: GenuineIntel\ncpu family: 6\nmodel: 167\nmodel name: Xeon\n\nprocessor: 1\n\nprocessor: 2\n',
  'proc/meminfo': 'MemTotal: 2048 kB\n',
  'proc/bus/pci/devices': '0010 virtio-pci\n',
}

const create = (files: RootFiles, over: Partial<Machine> = {}, clock = createFakeClock()) =>
  createInventory({ files, machine: { ...machine, ...over }, clock, log: silentLogger })

/** Files that take for ever, as on a dead network file system. */
const hangingFiles = (isHanging: (path: string) => boolean, files: RootFiles) => {
  let opened = 0
  const never = () => {
    opened += 1
    return new Promise<never>(() => undefined)
  }
  return {
    opened: () => opened,
    read: (path: string) => (isHanging(path) ? never() : files.read(path)),
    exists: (path: string) => (isHanging(path) ? never() : files.exists(path)),
  }
}

describe('the inventory', () => {
  test('of a Debian machine is complete', async () => {
    expect(await create(await fixtureRoot(debian)).collect()).toEqual({
      os: 'Linux vm 6.1.0 #1 SMP x86_64 GNU/Linux',
      osFullName: 'Debian 12.11',
      osVersion: '12.11',
      osVirtualizationSystem: 'KVM',
      osVirtualizationRole: 'guest',
      osArch: 'amd64',
      osFamily: 'debian',
      osKernel: 'linux',
      hostname: 'vm',
      cpuFamily: '6',
      cpuModel: '167',
      cpuModelName: 'Xeon',
      cpuVendor: 'GenuineIntel',
      numCpus: 3,
      memoryTotalBytes: 2_097_152,
      timezone: 'UTC (UTC+00:00)',
      ipv4: ['192.0.2.2'],
      ipv6: ['fd00::2', 'fe80::1'],
    })
  })

  test('of Alpine says Linux as its BusyBox does', async () => {
    const inventory = await create(await fixtureRoot({ 'etc/alpine-release': '3.19.1' })).collect()
    expect(inventory.os).toBe('Linux vm 6.1.0 #1 SMP x86_64 Linux')
    expect(inventory.osFullName).toBe('Alpine 3.19.1')
  })

  test('says unknown where nothing can be read, and what the runtime knows', async () => {
    expect(await create(await fixtureRoot({})).collect()).toMatchObject({
      os: 'Linux vm 6.1.0 #1 SMP x86_64 GNU/Linux',
      osFullName: 'unknown',
      osVersion: 'unknown',
      osFamily: 'unknown',
      cpuFamily: 'unknown',
      cpuVendor: 'unknown',
      cpuModelName: 'Some CPU',
      numCpus: 2,
      memoryTotalBytes: 1024,
    })
  })

  test('says unknown where the runtime may not ask', async () => {
    const forbidden = () => {
      throw new Error('EPERM')
    }
    const inventory = await create(await fixtureRoot({}), {
      hostname: forbidden,
      uname: forbidden,
      cpus: forbidden,
      memoryTotalBytes: forbidden,
      addresses: forbidden,
      utcOffsetMinutes: forbidden,
    }).collect()
    expect(inventory).toMatchObject({
      os: 'unknown',
      hostname: 'unknown',
      numCpus: 0,
      memoryTotalBytes: 0,
      timezone: 'unknown',
      ipv4: null,
      ipv6: null,
    })
  })

  test('of macOS and Windows has what the runtime knows', async () => {
    const plist = '<key>ProductVersion</key>\n\t<string>14.1.2</string>'
    const mac = await create(await fixtureRoot({ 'System/Library/CoreServices/SystemVersion.plist': plist }), {
      platform: 'darwin',
      arch: 'arm64',
      uname: () => ({ type: 'Darwin', release: '23.1.0', version: 'Darwin Kernel Version 23.1.0', machine: 'arm64' }),
    }).collect()
    expect(mac).toMatchObject({
      os: 'Darwin vm 23.1.0 Darwin Kernel Version 23.1.0 arm64',
      osFullName: 'Darwin 14.1.2',
      osVersion: '14.1.2',
      osFamily: 'Standalone Workstation',
      osKernel: 'darwin',
      osArch: 'arm64',
      osVirtualizationSystem: '',
      cpuModelName: 'Some CPU',
    })
    const windows = await create(await fixtureRoot({}), {
      platform: 'win32',
      uname: () => ({ type: 'Windows_NT', release: '10.0.22631', version: 'Windows 11 Pro', machine: 'x86_64' }),
    }).collect()
    expect(windows).toMatchObject({
      os: 'Windows 11 Pro 10.0.22631',
      osFullName: 'Windows 11 Pro 10.0.22631',
      osVersion: '10.0.22631',
      osKernel: 'windows',
      osFamily: 'unknown',
    })
  })

  test('of a system that nobody made a family for has none, and a name with a hyphen two capitals', async () => {
    const files = { 'etc/os-release': 'ID=void-musl\n' }
    const found = await create(await fixtureRoot(files), { platform: 'linux' }).collect()
    expect(found).toMatchObject({ osFamily: '', osFullName: 'Void-Musl', osVersion: 'unknown' })
  })

  test('of a Mac server says so', async () => {
    const plist =
      '<key>ProductName</key><string>Mac OS X Server</string><key>ProductVersion</key><string>10.6.8</string>'
    const root = await fixtureRoot({ 'System/Library/CoreServices/SystemVersion.plist': plist })
    const found = await create(root, { platform: 'darwin' }).collect()
    expect(found).toMatchObject({ osFamily: 'Server', osVersion: '10.6.8' })
  })

  test('waits no longer than its budget, and has the rest', async () => {
    const clock = createFakeClock()
    const files = hangingFiles((path) => path.startsWith('proc/'), await fixtureRoot(debian))
    const inventory = create(files, {}, clock)
    const collected = inventory.collect()
    let isDone = false
    void collected.then(() => {
      isDone = true
    })
    await expect.poll(() => inventory.current().osVersion).toBe('12.11')
    await clock.advance(4999)
    expect(isDone).toBe(false)
    await clock.advance(1)
    expect(await collected).toMatchObject({ osVersion: '12.11', cpuVendor: 'unknown', memoryTotalBytes: 1024 })
  })

  test('leaves no timer behind once everything is there', async () => {
    const clock = createFakeClock()
    await create(await fixtureRoot(debian), {}, clock).collect()
    expect(clock.pending).toBe(0)
  })

  test('never waits when it has to be told at once', async () => {
    const files = hangingFiles(() => true, await fixtureRoot(debian))
    const inventory = create(files)
    expect(inventory.current()).toMatchObject({ hostname: 'vm', osFullName: 'unknown', ipv4: ['192.0.2.2'] })
  })

  test('does not pile up reads that hang', async () => {
    const files = hangingFiles(() => true, await fixtureRoot(debian))
    const inventory = create(files)
    inventory.current()
    const opened = files.opened()
    for (let reconnect = 0; reconnect < 20; reconnect += 1) inventory.current()
    expect(files.opened()).toBe(opened)
  })

  test('is known at once after it was collected, and follows what changes', async () => {
    let address = '192.0.2.2'
    const inventory = create(await fixtureRoot(debian), {
      addresses: () => [{ family: 'IPv4', address, internal: false }],
    })
    await inventory.collect()
    address = '198.51.100.9'
    expect(inventory.current()).toMatchObject({ osVersion: '12.11', cpuVendor: 'GenuineIntel', ipv4: ['198.51.100.9'] })
  })

  test('names a probe that failed in the log, once', async () => {
    const log = createMemoryLogger()
    const files: RootFiles = {
      read: () => Promise.reject(new Error('EIO')),
      exists: () => Promise.resolve(false),
    }
    const inventory = createInventory({ files, machine, clock: createFakeClock(), log })
    await inventory.collect()
    const probes = log.lines
      .filter((line) => line.message === 'inventory probe failed')
      .map((line) => line.fields['probe'])
    expect(probes.toSorted()).toEqual(['memoryTotalBytes', 'platform', 'processor', 'virtualization', 'zoneNames'])
  })

  test('of this very machine is told within a second', async () => {
    const inventory = createInventory({
      files: createRootFiles('/'),
      machine: thisMachine,
      clock: createFakeClock(),
      log: silentLogger,
    })
    const told = await inventory.collect()
    expect(told.numCpus).toBeGreaterThan(0)
    expect(told.memoryTotalBytes).toBeGreaterThan(0)
    expect(told.hostname).not.toBe('unknown')
    expect(told.timezone).toMatch(/^\S+ \(UTC[+-]\d\d:\d\d\)$/)
  })
})

describe('the names of Go', () => {
  test.each([
    ['x64', true, 'amd64'],
    ['ia32', true, '386'],
    ['arm64', true, 'arm64'],
    ['arm', true, 'arm'],
    ['mipsel', true, 'mipsle'],
    ['ppc64', true, 'ppc64le'],
    ['ppc64', false, 'ppc64'],
    ['s390x', false, 's390x'],
    ['riscv64', true, 'riscv64'],
  ])('for the architecture %s (little endian: %s) is %s', (arch, isLittleEndian, expected) => {
    expect(goArch({ arch, isLittleEndian })).toBe(expected)
  })

  test.each([
    ['linux', 'linux'],
    ['darwin', 'darwin'],
    ['win32', 'windows'],
  ])('for the system %s is %s', (platform, expected) => {
    expect(goSystem(platform)).toBe(expected)
  })
})

import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import type { Scope } from './scope.ts'

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })

function findReason(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are Linux only'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const name = `rport-try-${process.pid}`
  try {
    ip('netns', 'add', name)
    ip('netns', 'del', name)
    return undefined
  } catch (error) {
    return `network namespaces do not work here: ${String(error).split('\n', 1)[0]}`
  }
}

/** Why stories with a network of their own are left out on this machine; undefined when they are told. */
export const networkMissing = findReason()

/** A machine behind a router: packets between it and this one can vanish without anybody being told, cables and names can change. */
export interface TestNetwork {
  /** This machine's address as the far machine sees it. */
  readonly nearAddress: string
  /** Words that make a command run on the far machine. */
  readonly onFarMachine: readonly string[]
  /** An address that takes every packet of the far machine and answers none. */
  readonly silentAddress: string
  /** The router drops everything silently; both machines keep their links. */
  blackHole(): void
  /** The router forwards again. */
  resume(): void
  /** Gives the far machine a second cable, `eth1`, beside `eth0`. @returns the addresses of both */
  addCable(): { readonly eth0: string; readonly eth1: string }
  /** Pulls `eth0`: its address goes away, and everything leaves through `eth1`. */
  pullFirstCable(): void
  /** What the far machine's names mean from now on; names that are not among them mean nothing. */
  setNames(names: Readonly<Record<string, string>>): void
}

/** From a range that is never given out. */
const SILENT_ADDRESS = '192.0.2.1'

/** Makes the network in namespaces of its own; the scope removes it. Addresses are from the range for bench tests. */
export function createNetwork(scope: Scope): TestNetwork {
  const tag = randomBytes(3).toString('hex')
  const router = `rport-r-${tag}`
  const far = `rport-f-${tag}`
  const subnet = `198.18.${Number.parseInt(tag.slice(0, 2), 16)}`
  const inRouter = (...args: string[]) => ip('-n', router, ...args)
  const inFar = (...args: string[]) => ip('-n', far, ...args)
  const forward = (on: 0 | 1) =>
    execFileSync('ip', ['netns', 'exec', router, 'sh', '-c', `echo ${on} > /proc/sys/net/ipv4/ip_forward`])
  for (const name of [router, far]) {
    ip('netns', 'add', name)
    scope.add(() => ip('netns', 'del', name))
  }
  ip('link', 'add', `n${tag}`, 'type', 'veth', 'peer', 'name', 'near', 'netns', router)
  ip('-n', router, 'link', 'add', 'far', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far)
  ip('addr', 'add', `${subnet}.1/30`, 'dev', `n${tag}`)
  ip('link', 'set', `n${tag}`, 'up')
  inRouter('addr', 'add', `${subnet}.2/30`, 'dev', 'near')
  inRouter('addr', 'add', `${subnet}.5/30`, 'dev', 'far')
  for (const device of ['near', 'far', 'lo']) inRouter('link', 'set', device, 'up')
  inFar('addr', 'add', `${subnet}.6/30`, 'dev', 'eth0')
  for (const device of ['eth0', 'lo']) inFar('link', 'set', device, 'up')
  inFar('route', 'add', 'default', 'via', `${subnet}.5`)
  ip('route', 'add', `${subnet}.4/30`, 'via', `${subnet}.2`)
  forward(1)
  // What a router sends into a black hole is gone, and nobody is told.
  inRouter('route', 'add', 'blackhole', `${SILENT_ADDRESS}/32`)
  const onFar = (script: string) => execFileSync('ip', ['netns', 'exec', far, 'sh', '-c', script])
  // What lies here is put over /etc by `ip netns exec`. A name server that does not exist answers at once that it is not there.
  const files = `/etc/netns/${far}`
  mkdirSync(files, { recursive: true })
  scope.add(() => rmSync(files, { recursive: true, force: true }))
  writeFileSync(`${files}/resolv.conf`, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n')
  writeFileSync(`${files}/hosts`, '127.0.0.1 localhost\n')
  return {
    nearAddress: `${subnet}.1`,
    silentAddress: SILENT_ADDRESS,
    onFarMachine: ['ip', 'netns', 'exec', far],
    blackHole: () => forward(0),
    resume: () => forward(1),
    addCable() {
      ip('-n', router, 'link', 'add', 'far1', 'type', 'veth', 'peer', 'name', 'eth1', 'netns', far)
      inRouter('addr', 'add', `${subnet}.9/30`, 'dev', 'far1')
      inRouter('link', 'set', 'far1', 'up')
      inFar('addr', 'add', `${subnet}.10/30`, 'dev', 'eth1')
      inFar('link', 'set', 'eth1', 'up')
      ip('route', 'add', `${subnet}.8/30`, 'via', `${subnet}.2`)
      // Answers to eth1 come from where eth0 leads: without this they would be taken for forged.
      onFar('for f in all eth0 eth1; do echo 0 > /proc/sys/net/ipv4/conf/$f/rp_filter; done')
      inFar('route', 'add', 'default', 'via', `${subnet}.9`, 'dev', 'eth1', 'metric', '100')
      return { eth0: `${subnet}.6`, eth1: `${subnet}.10` }
    },
    pullFirstCable: () => inFar('link', 'del', 'eth0'),
    setNames(names) {
      const lines = Object.entries(names).map(([name, address]) => `${address} ${name}\n`)
      // Written in place: running programs have this very file over their /etc/hosts.
      writeFileSync(`${files}/hosts`, `127.0.0.1 localhost\n${lines.join('')}`)
    },
  }
}

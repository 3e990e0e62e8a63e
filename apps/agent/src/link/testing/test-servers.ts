import { silentLogger } from '@rport/kit'
import type { FakeClock } from '@rport/kit/testing'
import type { Inventory } from '@rport/protocol'
import { acceptLink, type Connection, loginOverLink, TransportError } from '@rport/transport'
import { createMemoryPair, type MemoryLink, TEST_HOST_KEY } from '@rport/transport/testing'

/** A server of a test: real SSH over a link in memory. */
export interface TestServer {
  /** What a dial meets: a server, nobody, or this error. */
  mode: 'up' | 'down' | TransportError
  /** The text that registrations are refused with; undefined: they are accepted. */
  refusal: string | undefined
  dialCount: number
  /** Connections that registered here and are not closed. */
  readonly registered: Connection[]
  /** Runs before a registration is answered. */
  onRegister: () => void
  /** The agent's ends of all links, the latest last. */
  readonly links: MemoryLink[]
}

/** Servers by URL, and a `dial` that leads to them. */
export function createTestServers<Name extends string>(names: readonly Name[], clock: FakeClock) {
  const servers = Object.fromEntries(names.map((name) => [name, createServer()])) as Record<Name, TestServer>
  const dial = async (name: string): Promise<Connection> => {
    await null // what a test says right after it started the link counts for the first dial, too
    const server = servers[name as Name]
    server.dialCount += 1
    if (server.mode === 'down') throw new TransportError('dial-failed', `connect ECONNREFUSED ${name}`)
    if (server.mode !== 'up') throw server.mode
    const [serverLink, agentLink] = createMemoryPair()
    server.links.push(agentLink)
    accept(server, serverLink, clock).catch(() => undefined) // the agent's side of the story is what is tested
    return loginOverLink(agentLink, {
      fingerprint: TEST_HOST_KEY.fingerprint,
      clientAuthId: 'agent-1',
      password: 'right',
      clock,
      log: silentLogger,
    })
  }
  return { servers, dial }
}

const createServer = (): TestServer => ({
  mode: 'up',
  refusal: undefined,
  dialCount: 0,
  registered: [],
  links: [],
  onRegister: () => undefined,
})

async function accept(server: TestServer, link: MemoryLink, clock: FakeClock): Promise<void> {
  const connection = await acceptLink(link, {
    hostKey: TEST_HOST_KEY,
    verifyPassword: async () => true,
    clock,
    log: silentLogger,
  })
  void connection.closed.then(() => {
    const index = server.registered.indexOf(connection)
    if (index >= 0) server.registered.splice(index, 1)
  })
  connection.serve({
    onChannel: (open) => open.reject('unknown-type', 'no channels here'),
    onRequest(name) {
      if (name !== 'new_connection') return { ok: true, payload: Buffer.alloc(0) }
      server.onRegister()
      if (server.refusal !== undefined) return { ok: false, payload: Buffer.from(server.refusal) }
      server.registered.push(connection)
      return { ok: true, payload: Buffer.from('[]') }
    },
  })
}

/** A machine that nothing is known of. */
export const UNKNOWN_MACHINE: Inventory = {
  os: 'unknown',
  osFullName: 'unknown',
  osVersion: 'unknown',
  osVirtualizationSystem: '',
  osVirtualizationRole: '',
  osArch: 'amd64',
  osFamily: '',
  osKernel: 'linux',
  hostname: 'machine',
  cpuFamily: '',
  cpuModel: '',
  cpuModelName: '',
  cpuVendor: '',
  numCpus: 1,
  memoryTotalBytes: 0,
  timezone: 'UTC (UTC+00:00)',
  ipv4: null,
  ipv6: null,
}

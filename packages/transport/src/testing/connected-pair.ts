import { type Clock, type Logger, silentLogger } from '@rport/kit'
import { acceptLink } from '../accept.ts'
import type { Connection } from '../connection.ts'
import { loginOverLink } from '../dial.ts'
import { type HostKey, hostKeyFromSeed } from '../ssh/algorithms/host-key.ts'
import type { SshLimits } from '../ssh/limits.ts'
import { createMemoryPair, type MemoryLink, type MemoryPairOptions } from './memory-link.ts'

/** A server and an agent joined in memory, both logged in; nobody serves yet. */
export interface ConnectedPair {
  readonly server: Connection
  readonly agent: Connection
  readonly serverLink: MemoryLink
  readonly agentLink: MemoryLink
}

export const TEST_HOST_KEY: HostKey = hostKeyFromSeed('test')

export interface ConnectedPairOptions extends MemoryPairOptions {
  readonly limits?: Partial<SshLimits>
  readonly log?: Logger
  readonly clock?: Clock
}

export async function connectPair(options: ConnectedPairOptions = {}): Promise<ConnectedPair> {
  const [serverLink, agentLink] = createMemoryPair(options)
  const shared = {
    log: options.log ?? silentLogger,
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.clock ? { clock: options.clock } : {}),
  }
  const [server, agent] = await Promise.all([
    acceptLink(serverLink, {
      ...shared,
      hostKey: TEST_HOST_KEY,
      verifyPassword: async (user, password) => user === 'agent-1' && password === 'right',
    }),
    loginOverLink(agentLink, {
      ...shared,
      fingerprint: TEST_HOST_KEY.fingerprint,
      clientAuthId: 'agent-1',
      password: 'right',
    }),
  ])
  return { server, agent, serverLink, agentLink }
}

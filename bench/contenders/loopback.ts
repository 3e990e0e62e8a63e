import type { Contender } from './contender.ts'

/** No tunnel at all: what the machine and the generator can do. */
export const loopback: Contender = {
  name: 'loopback',
  what: 'no tunnel: the visitor reaches the target itself, or through the delay line alone',
  isPresent: () => true,
  open: async ({ targetPort, lay }) => ({ port: await lay(targetPort), pids: [] }),
}

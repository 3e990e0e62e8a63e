import type { Resolution } from '@rport/config'
import type { ServerSections } from './schema.ts'

/** Kernels that share out the connections to one port among the processes that listen on it. */
const SHARING: readonly string[] = ['linux', 'freebsd', 'sunos', 'aix']

/** Connectors need a kernel that can do it. */
export function checkConnectors({ settings, object }: Resolution<ServerSections>, platform: string): void {
  if (settings.server.connectors === 0 || SHARING.includes(platform)) return
  object(['server.connectors'], {
    message: `'connectors' cannot be used here: the system (${platform}) does not share a port among processes`,
    fix: 'remove the line: one process does it all',
  })
}

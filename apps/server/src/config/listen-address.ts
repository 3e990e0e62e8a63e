import type { Resolution } from '@rport/config'
import { parseIp } from '@rport/kit'
import type { ServerSections } from './schema.ts'
import type { ListenAddress } from './server-config.ts'

/**
 * Where agents arrive. The first release said it by `-p PORT` and by the variables HOST and PORT; these count less than
 * the settings of today.
 */
export function agentsListenAddress(
  { settings, origin, object, notice }: Resolution<ServerSections>,
  flags: ReadonlyMap<string, readonly string[]>,
  env: Readonly<Record<string, string | undefined>>,
): ListenAddress {
  const { address } = settings.server
  const portFlag = flags.get('port')?.at(-1)
  if (portFlag !== undefined) {
    const port = toPort(portFlag)
    if (port === undefined) {
      object([], { message: `flag --port ${JSON.stringify(portFlag.slice(0, 40))} is no port`, fix: 'write -p 8080' })
    } else if (origin('server.address').kind === 'flag') {
      object(['server.address'], { message: '--port and --addr are both given', fix: 'remove --port' })
    } else {
      return { host: '0.0.0.0', port }
    }
    return address
  }
  if (origin('server.address').kind !== 'default' || (!env['HOST'] && !env['PORT'])) return address
  // Both names are common: a shell may keep the machine's name in HOST. What cannot be listened on is not meant for us.
  const host = env['HOST'] && (parseIp(env['HOST']) || env['HOST'] === 'localhost') ? env['HOST'] : address.host
  const port = toPort(env['PORT'] ?? '') ?? address.port
  if (host === address.host && port === address.port) return address
  notice({
    level: 'info',
    message: 'agents connect where the environment variables HOST and PORT say',
    fields: { host, port: String(port) },
  })
  return { host, port }
}

function toPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1
  return port >= 0 && port <= 65_535 ? port : undefined
}

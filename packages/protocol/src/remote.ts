import { joinHostPort, parseIp } from '@rport/kit'
import { excerpt, isHost, parsePort } from './host-text.ts'
import { MAX_REMOTE_CHARS } from './limits.ts'

/** What travels through a tunnel. `tcp+udp` listens for both on one port. */
export type TunnelProtocol = 'tcp' | 'udp' | 'tcp+udp'

/** The two ends that a remote text names. Hosts of IPv6 are without brackets. */
export interface RemoteSpec {
  readonly protocol: TunnelProtocol
  /** Address on the server; `''` when the text names none (then the server chooses). */
  readonly listenHost: string
  /** Port on the server; undefined: any free one. */
  readonly listenPort: number | undefined
  /** Target as the agent dials it. */
  readonly targetHost: string
  readonly targetPort: number
}

/** A text that is no remote. The first three messages are those of the original. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'
  readonly code: 'missing-ports' | 'invalid-remote' | 'invalid-host' | 'invalid-port'

  constructor(code: RemoteError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** Where a listener with a port but without a host listens. */
const ANY_HOST = '0.0.0.0'
/** Where a target without a host is. */
const TARGET_HOST = '127.0.0.1'
/** What an empty target on the agent's command line means. */
const SSH_PORT = 22

/**
 * Reads `[[lhost:]lport:][rhost:]rport[/tcp|/udp|/tcp+udp]`, from the right: the first number is the target's port,
 * the next the listener's, the first other part is the target's host, the next the listener's.
 * IPv6 addresses stand in brackets.
 * compat: a single host belongs to the target, also in `0.0.0.0:2222:22`, and `h1:h2:22` listens on a random port.
 * @throws RemoteError
 */
export function parseRemote(text: string): RemoteSpec {
  const { address, protocol } = splitProtocol(text)
  const parts = splitAtColons(address)
  if (parts === undefined || parts.length > 4) throw new RemoteError('invalid-remote', 'Invalid remote')
  let targetHost = ''
  let listenHost = ''
  let targetPort: number | undefined
  let listenPort: number | undefined
  for (const part of parts.reverse()) {
    if (/^\d+$/.test(part)) {
      const port = portOf(part, text)
      if (targetPort === undefined) targetPort = port
      else listenPort = port
      continue
    }
    if (targetPort === undefined) throw new RemoteError('missing-ports', 'Missing ports')
    const host = hostOf(part)
    if (targetHost === '') targetHost = host
    else listenHost = host
  }
  if (targetPort === undefined) throw new RemoteError('missing-ports', 'Missing ports')
  if (listenHost === '' && listenPort !== undefined) listenHost = ANY_HOST
  return { protocol, listenHost, listenPort, targetHost: targetHost === '' ? TARGET_HOST : targetHost, targetPort }
}

/**
 * Reads a remote of the agent's command line, where an empty target (`2222:`) means port 22.
 * @returns the remote, and a sentence for the person when something was assumed
 * @throws  RemoteError
 */
export function parseCommandLineRemote(text: string): { remote: RemoteSpec; notice: string | undefined } {
  const { address, suffix } = splitProtocol(text)
  if (!address.endsWith(':')) return { remote: parseRemote(text), notice: undefined }
  const completed = `${address}${SSH_PORT}${suffix}`
  return {
    remote: parseRemote(completed),
    notice: `remote "${excerpt(text)}" names no target port; "${excerpt(completed)}" is taken`,
  }
}

/** Writes a remote so that `parseRemote` reads the same from it. */
export function formatRemote(remote: RemoteSpec): string {
  const target = joinHostPort(remote.targetHost, remote.targetPort)
  const suffix = remote.protocol === 'tcp' ? '' : `/${remote.protocol}`
  if (remote.listenPort !== undefined) {
    return `${joinHostPort(remote.listenHost || ANY_HOST, remote.listenPort)}:${target}${suffix}`
  }
  const host = remote.listenHost.includes(':') ? `[${remote.listenHost}]` : remote.listenHost
  return host === '' ? `${target}${suffix}` : `${host}:${target}${suffix}`
}

function splitProtocol(text: string): { address: string; protocol: TunnelProtocol; suffix: string } {
  if (text.length > MAX_REMOTE_CHARS) throw new RemoteError('invalid-remote', 'Invalid remote')
  for (const protocol of ['tcp', 'udp', 'tcp+udp'] as const) {
    const suffix = `/${protocol}`
    if (text.endsWith(suffix)) return { address: text.slice(0, -suffix.length), protocol, suffix }
  }
  return { address: text, protocol: 'tcp', suffix: '' }
}

/** The parts between colons; what stands in brackets stays together. Undefined when the brackets do not match. */
function splitAtColons(text: string): string[] | undefined {
  const parts = text.match(/\[[^[\]]*\]|[^:[\]]+|:/g) ?? []
  if (parts.join('') !== text) return undefined
  const fields: string[] = ['']
  for (const part of parts) {
    if (part === ':') fields.push('')
    else if (fields.at(-1) === '') fields[fields.length - 1] = part
    else return undefined
  }
  return fields
}

/** The original took any number; one that no port has would make a tunnel that can never work. */
function portOf(digits: string, text: string): number {
  const port = parsePort(digits)
  if (port !== undefined) return port
  throw new RemoteError(
    'invalid-port',
    `Invalid port ${excerpt(digits, 20)} in "${excerpt(text)}": use a number from 1 to 65535`,
  )
}

function hostOf(part: string): string {
  if (part.startsWith('[')) {
    const inner = part.slice(1, -1)
    const zone = /%[\w.-]{1,32}$/.exec(inner)?.[0] ?? ''
    const address = inner.includes(':') ? parseIp(inner) : undefined
    if (address) return address.version === 6 ? address.text + zone : address.text
  } else if (part === '' || isHost(part)) {
    return part
  }
  throw new RemoteError('invalid-host', 'Invalid host')
}

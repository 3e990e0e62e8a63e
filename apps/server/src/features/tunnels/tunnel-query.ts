import { apiError, MAX_IDLE_TIMEOUT_MINUTES, parseBoolText, type QueryOf, type tunnels } from '@rport/api'
import { MS_PER_HOUR, MS_PER_MINUTE, parseDuration } from '@rport/kit'
import {
  parseRemote,
  parseTunnelAcl,
  RemoteError,
  type RemoteRecord,
  type RemoteSpec,
  TunnelAclError,
  toRemoteRecord,
} from '@rport/protocol'
import type { TunnelRequest } from './tunnel-service.ts'

type CreateQuery = QueryOf<(typeof tunnels)['endpoints']['create']>

const DEFAULT_IDLE_TIMEOUT_MINUTES = 5
const MAX_AUTO_CLOSE_MS = 744 * MS_PER_HOUR
const MAX_SCHEME_BYTES = 15
/** What the proxy can show to a browser. */
const PROXY_SCHEMES: readonly string[] = ['http', 'https', 'vnc', 'rdp']

/**
 * Reads what somebody asks for. The order of the checks and their texts are the original's; the first fault is the answer.
 * @param isProxyConfigured  whether the configuration has what `http_proxy` needs
 * @throws ApiError, see the errors of the endpoint
 */
export function toTunnelRequest(
  query: CreateQuery,
  { isProxyConfigured }: { isProxyConfigured: boolean },
): TunnelRequest {
  const spec = readRemote(query)
  const scheme = readScheme(query.scheme)
  const httpProxy = readProxy(query, spec, { scheme, isProxyConfigured })
  readBasicAuth(query, httpProxy)
  const idleTimeoutMs = readIdleTimeout(query)
  const autoCloseMs = readAutoClose(query['auto-close'] ?? '')
  const acl = readAcl(query.acl)
  refuseUnsupported(spec, httpProxy)
  const facts: Partial<RemoteRecord> = { name: query.name ?? '', scheme, idleTimeoutMs, autoCloseMs, acl }
  return { remote: toRemoteRecord(spec, facts), checkPort: query.check_port !== '0' }
}

/** Reads `force`; absent and empty mean false. @throws tunnel_force_invalid */
export function readForce(text: string | undefined): boolean {
  if (text === undefined || text === '') return false
  const force = parseBoolText(text)
  if (force === undefined) throw apiError('tunnel_force_invalid', { value: text })
  return force
}

/** compat: `local` and `remote` are glued together and read as one remote, so that the host of `local` may move over. */
function readRemote(query: CreateQuery): RemoteSpec {
  const local = query.local ?? ''
  const protocol = query.protocol ?? ''
  const text = `${local === '' ? '' : `${local}:`}${query.remote}${protocol === '' ? '' : `/${protocol}`}`
  try {
    return parseRemote(text)
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    throw apiError('tunnel_remote_invalid', { remote: text, reason: error.message }, { cause: error })
  }
}

function readScheme(text = ''): string | null {
  if (Buffer.byteLength(text) > MAX_SCHEME_BYTES) throw apiError('tunnel_scheme_too_long')
  return text === '' ? null : text
}

function readProxy(
  query: CreateQuery,
  spec: RemoteSpec,
  { scheme, isProxyConfigured }: { scheme: string | null; isProxyConfigured: boolean },
): boolean {
  const text = query.http_proxy ?? ''
  const httpProxy = text === '' ? false : parseBoolText(text)
  if (httpProxy === undefined) throw apiError('tunnel_proxy_invalid', { value: text })
  if (!httpProxy) {
    if ((query.host_header ?? '') !== '') throw apiError('tunnel_host_header_without_proxy')
    return false
  }
  if (!isProxyConfigured) throw apiError('tunnel_proxy_disabled')
  if (scheme === null) throw apiError('tunnel_proxy_without_scheme')
  if (!PROXY_SCHEMES.includes(scheme)) throw apiError('tunnel_proxy_scheme', { scheme })
  if (spec.protocol !== 'tcp') throw apiError('tunnel_proxy_protocol', { protocol: spec.protocol })
  return true
}

function readBasicAuth(query: CreateQuery, httpProxy: boolean): void {
  const hasUser = (query.auth_user ?? '') !== ''
  const hasPassword = (query.auth_password ?? '') !== ''
  if (!hasUser && !hasPassword) return
  if (!httpProxy) throw apiError('tunnel_auth_without_proxy')
  if (!hasUser) throw apiError('tunnel_auth_user_missing')
  if (!hasPassword) throw apiError('tunnel_auth_password_missing')
}

function readIdleTimeout(query: CreateQuery): number {
  const text = query['idle-timeout-minutes'] ?? ''
  // compat: nonsense in skip-idle-timeout is false
  const skip = parseBoolText(query['skip-idle-timeout'] ?? '') ?? false
  if (text === '') return skip ? 0 : DEFAULT_IDLE_TIMEOUT_MINUTES * MS_PER_MINUTE
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw apiError('tunnel_idle_invalid', {}, { detail: `"${text}" is no whole number of minutes` })
  }
  const minutes = Number(text)
  // compat: also 0, which says the same
  if (skip) throw apiError('tunnel_idle_conflict', { minutes })
  if (minutes < 0 || minutes > MAX_IDLE_TIMEOUT_MINUTES) throw apiError('tunnel_idle_out_of_range')
  return minutes * MS_PER_MINUTE
}

function readAutoClose(text: string): number {
  if (text === '') return 0
  const durationMs = parseDuration(text)
  if (durationMs === undefined) {
    throw apiError('tunnel_auto_close_invalid', {}, { detail: `time: invalid duration "${text}"` })
  }
  if (durationMs < 0) throw apiError('tunnel_auto_close_negative')
  if (durationMs > MAX_AUTO_CLOSE_MS) throw apiError('tunnel_auto_close_too_long')
  return durationMs
}

function readAcl(text = ''): string | null {
  try {
    parseTunnelAcl(text)
  } catch (error) {
    if (!(error instanceof TunnelAclError)) throw error
    throw apiError('tunnel_acl_invalid', { reason: error.message }, { cause: error })
  }
  return text === '' ? null : text
}

/** What passed every check of the original but is not there yet. */
function refuseUnsupported(spec: RemoteSpec, httpProxy: boolean): void {
  if (httpProxy) throw apiError('tunnel_proxy_unsupported')
  if (spec.protocol !== 'tcp') throw apiError('tunnel_protocol_unsupported', { protocol: spec.protocol })
}

import { ADMINISTRATORS, apiError } from '@rport/api'
import type { JsonObject, RemoteRecord } from '@rport/protocol'
import { parseRemote, RemoteError } from '@rport/protocol'
import { RE2JS } from 're2js'
import type { Actor } from '../../http/index.ts'
import { type Grants, tunnelAndCommandRestrictions } from './access-policy.ts'
import { parseRangeEnd } from './restriction.ts'

/** The facts of a tunnel that restrictions speak about. */
export type RestrictedFacts = Pick<
  RemoteRecord,
  | 'protocol'
  | 'listenHost'
  | 'listenPort'
  | 'targetHost'
  | 'targetPort'
  | 'scheme'
  | 'acl'
  | 'idleTimeoutMs'
  | 'autoCloseMs'
  | 'httpProxy'
  | 'hostHeader'
  | 'authUser'
>

/** What the user groups of an actor say about single tunnels, beyond the permission `tunnels`. */
export interface TunnelPolicy {
  /** @throws ApiError tunnel_restricted, naming the rule */
  requireOpen(actor: Actor, tunnel: RestrictedFacts): Promise<void>
  /** Whoever is restricted closes and changes tunnels of his own only. @throws ApiError tunnel_restricted */
  requireOwn(actor: Actor, tunnel: Pick<RemoteRecord, 'owner'>): Promise<void>
}

/**
 * The one place that reads `tunnels_restricted`. Groups without a restriction add nothing; of several restrictions one must
 * allow the tunnel as a whole. @see rport API, extended permissions
 */
export function createTunnelPolicy({ directory }: { readonly directory: Grants }): TunnelPolicy {
  const restrictionsOf = async (actor: Actor) =>
    (await tunnelAndCommandRestrictions(directory, actor.groups)).tunnelsRestricted
  const requireAllowed = (restrictions: readonly JsonObject[], tunnel: RestrictedFacts) => {
    const refusals = restrictions.map((restriction) => brokenRule(restriction, tunnel))
    const [first] = refusals
    if (first !== undefined && !refusals.includes(undefined)) throw apiError('tunnel_restricted', { rule: first })
  }
  return {
    async requireOpen(actor, tunnel) {
      requireAllowed(await restrictionsOf(actor), tunnel)
    },
    async requireOwn(actor, { owner }) {
      if (owner === actor.username || actor.groups.includes(ADMINISTRATORS)) return
      if ((await restrictionsOf(actor)).length > 0) throw apiError('tunnel_restricted', { rule: 'owner' })
    },
  }
}

/** Each rule by its key; absent texts are compared as ''. */
const rules: Readonly<Record<string, (value: JsonObject[string], tunnel: RestrictedFacts) => boolean>> = {
  local: (value, { listenHost, listenPort }) =>
    listenPort === undefined
      ? includes(value, '')
      : hasEnd(value, { host: listenHost === '' ? '0.0.0.0' : listenHost, port: listenPort }, '0.0.0.0'),
  remote: (value, { targetHost, targetPort }) => hasEnd(value, { host: targetHost, port: targetPort }, '127.0.0.1'),
  scheme: (value, { scheme }) => includes(value, scheme ?? ''),
  acl: (value, { acl }) => includes(value, acl ?? ''),
  protocol: (value, { protocol }) => includes(value, protocol),
  // 0 means without end: more than any maximum.
  'idle-timeout-minutes': (value, { idleTimeoutMs }) => isWithin(value, idleTimeoutMs || Number.POSITIVE_INFINITY),
  'auto-close': (value, { autoCloseMs }) => isWithin(value, autoCloseMs || Number.POSITIVE_INFINITY),
  'skip-idle-timeout': (value, { idleTimeoutMs }) => value === true || idleTimeoutMs !== 0,
  http_proxy: (value, { httpProxy }) => value === true || !httpProxy,
  auth_allowed: (value, { authUser }) => value === true || authUser === '',
  host_header: (value, { hostHeader }) =>
    hostHeader === '' || (typeof value === 'string' && RE2JS.compile(value).matcher(hostHeader).find()),
}

/** The first rule that refuses; a key that is not known refuses everything: nobody knows what was meant. */
const brokenRule = (restriction: JsonObject, tunnel: RestrictedFacts): string | undefined =>
  Object.keys(restriction).find((key) => {
    const holds = Object.hasOwn(rules, key) ? rules[key] : undefined
    const value = restriction[key]
    return !holds || value === undefined || !holds(value, tunnel)
  })

const includes = (value: JsonObject[string], text: string): boolean => Array.isArray(value) && value.includes(text)

interface End {
  readonly host: string
  readonly port: number
}

/** Compares what the texts mean: `22` and `127.0.0.1:22` lead to the same place. */
function hasEnd(value: JsonObject[string], end: End, defaultHost: string): boolean {
  if (!Array.isArray(value)) return false
  return value.some((text) => {
    const allowed = typeof text === 'string' ? parseEnd(text, defaultHost) : undefined
    return allowed?.host === end.host && allowed.port === end.port
  })
}

function parseEnd(text: string, defaultHost: string): End | undefined {
  try {
    const { targetHost, targetPort } = parseRemote(/^\d+$/.test(text) ? `${defaultHost}:${text}` : text)
    return { host: targetHost, port: targetPort }
  } catch (error) {
    if (error instanceof RemoteError) return undefined
    throw error
  }
}

function isWithin(value: JsonObject[string], foundMs: number): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { min, max } = value as JsonObject
  return foundMs >= (parseRangeEnd(min) ?? 0) && foundMs <= (parseRangeEnd(max) ?? Number.POSITIVE_INFINITY)
}

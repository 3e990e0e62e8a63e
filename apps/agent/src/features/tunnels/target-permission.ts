import { lookup } from 'node:dns/promises'
import { errorMessage, parseIp } from '@rport/kit'
import { type HostPort, isTargetAllowed, type TunnelAllowedRule } from '@rport/protocol'

/** A target that may be dialled, and by which address. */
export interface PermittedTarget extends HostPort {
  /** What `host` was resolved to when it was judged; dial this, so that a name cannot change its mind in between. */
  readonly dialHost: string
}

export type ResolveHost = (host: string) => Promise<readonly string[]>

/** All addresses of a host; a literal is its own. */
export const resolveHost: ResolveHost = async (host) => {
  const literal = parseIp(host)
  if (literal) return [literal.text]
  const found = await lookup(host, { all: true, verbatim: true })
  return found.map((entry) => entry.address)
}

/** The agent's last word on every tunnel: its own `tunnel_allowed`. */
export interface TargetPermission {
  /**
   * @returns undefined when the target is not allowed
   * @throws  when its name cannot be resolved: that is a refusal, too, with the reason for the asking side
   */
  judge(target: HostPort): Promise<PermittedTarget | undefined>
}

export function createTargetPermission(deps: {
  rules: readonly TunnelAllowedRule[]
  resolve?: ResolveHost
}): TargetPermission {
  const resolve = deps.resolve ?? resolveHost
  return {
    async judge(target) {
      // Without rules everything is allowed, and the dialler may try every address of a name.
      if (deps.rules.length === 0) return { ...target, dialHost: target.host }
      let addresses: readonly string[]
      try {
        addresses = await resolve(target.host)
      } catch (error) {
        throw new Error(`${target.host} cannot be resolved: ${errorMessage(error)}`, { cause: error })
      }
      const [first] = addresses
      if (first === undefined || !isTargetAllowed(deps.rules, addresses, target.port)) return undefined
      return { ...target, dialHost: first }
    },
  }
}

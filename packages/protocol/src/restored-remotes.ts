import { joinHostPort } from '@rport/kit'
import type { RemoteSpec } from './remote.ts'
import { remoteText } from './remote-record.ts'

/** What two remotes are compared by. */
type Comparable = RemoteSpec & { readonly acl: string | null; readonly listenPortRandom: boolean }

/**
 * The tunnels of the last connection that come back beside those which a reconnecting agent asks for: every old one
 * that none of the new ones stands for. Nothing comes back when the agent's own remotes have changed, because then
 * nobody can tell which of the old ones were its own.
 * They keep `listenPort`: a given port is taken again, a random one is worth the first try.
 * @param old        tunnels of the stored client, in their order
 * @param requested  remotes of `new_connection`
 */
export function matchRestored<T extends Comparable>(old: readonly T[], requested: readonly Comparable[]): readonly T[] {
  if (requested.length > old.length) return []
  const rest = [...old]
  // Those with a port first: each fits one old tunnel only, which one without a port must not take away.
  const strictFirst = requested.toSorted(
    (left, right) => Number(left.listenPort === undefined) - Number(right.listenPort === undefined),
  )
  for (const remote of strictFirst) {
    const index = rest.findIndex((candidate) => standsFor(remote, candidate))
    if (index < 0) return []
    rest.splice(index, 1)
  }
  return rest
}

/** A remote with a port is the same by its text; one without is any tunnel to that target that got a random port. */
function standsFor(requested: Comparable, old: Comparable): boolean {
  if (requested.listenPort !== undefined) return remoteText(requested) === remoteText(old)
  return (
    old.listenPortRandom &&
    requested.protocol === old.protocol &&
    joinHostPort(requested.targetHost, requested.targetPort) === joinHostPort(old.targetHost, old.targetPort) &&
    requested.acl === old.acl
  )
}

import type { Objection } from '@rport/config'
import { errorMessage } from '@rport/kit'
import { countPorts, type PortRanges, parsePortRanges, subtractPorts } from '@rport/protocol'
import type { PortPolicy } from './server-config.ts'

/** Ports that may be asked for when nobody restricted them: all that need no special right to listen on. */
const UNPRIVILEGED: PortRanges = [{ first: 1025, last: 65_535 }]

/** Checks one list of ports by itself; the messages are the original's. */
export function objectToPorts(key: 'used_ports' | 'excluded_ports', texts: readonly string[]): Objection | undefined {
  try {
    parsePortRanges(texts)
    return undefined
  } catch (error) {
    return {
      message: `can't parse '${key}': ${errorMessage(error)}`,
      fix: 'write ports and ranges such as ["20000-30000", "9090"]',
    }
  }
}

/**
 * Both sets of ports, from lists that `objectToPorts` accepted.
 * @param areUsedSet  whether the used ports were chosen by a person; then they hold for fixed ports, too
 * @returns           undefined when no port would be left
 */
export function toPortPolicy(
  used: readonly string[],
  excluded: readonly string[],
  areUsedSet: boolean,
): PortPolicy | undefined {
  const without = parsePortRanges(excluded)
  const random = withoutZero(subtractPorts(parsePortRanges(used), without))
  const fixed = areUsedSet ? random : subtractPorts(UNPRIVILEGED, without)
  if (countPorts(random) === 0) return undefined
  return { random, fixed, usedTexts: used, excludedTexts: excluded }
}

/** Port 0 means "any" to the operating system: it can be in a range, but no tunnel can be there. */
const withoutZero = (ports: PortRanges): PortRanges => subtractPorts(ports, [{ first: 0, last: 0 }])

import { parsePortRanges } from '@rport/protocol'

/** What holds when nobody has configured ports. */
export const DEFAULT_PORTS = { random: parsePortRanges(['20000-30000']), fixed: parsePortRanges(['1025-65535']) }

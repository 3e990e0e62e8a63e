/**
 * Who takes part in the measurements of tunnels: each knows how to start its two ends and where visitors come in.
 * Not for measuring: that is what lines do, without knowing who is measured.
 * Start at contender.ts, then rport.ts.
 */
import type { Contender } from './contender.ts'
import { loopback } from './loopback.ts'
import { opensshLocal, opensshReverse } from './openssh.ts'
import { chisel, frp, rathole } from './peers.ts'
import { goRport, rport } from './rport.ts'

/** All of them, in the order of the table. */
export const CONTENDERS: readonly Contender[] = [
  loopback,
  opensshReverse,
  opensshLocal,
  rport,
  goRport,
  chisel,
  frp,
  rathole,
]

/**
 * What is measured: one module for each kind of line, and the list of all of them.
 * Not for starting contenders, repeating or comparing: run-lines.ts does that for every line alike.
 * Start at streams.ts. A new line is an object of the type Line (line.ts) that stands in this list.
 */
import { clientList, idleAgents, longClientList, storm, tunnelOpen } from '../fleet/index.ts'
import type { Line } from '../line.ts'
import { auditRows } from './audit-rows.ts'
import { authorization } from './authorization.ts'
import { connections } from './connections.ts'
import { farFirstByte, farStream } from './distance.ts'
import { loginStorm } from './login-storm.ts'
import { paced, ping } from './messages.ts'
import { eightStreams, oneStream } from './streams.ts'

/** All lines, in the order of the table. */
export const LINES: readonly Line[] = [
  oneStream,
  eightStreams,
  ping,
  paced,
  connections,
  farStream,
  farFirstByte,
  tunnelOpen,
  idleAgents,
  storm,
  clientList,
  longClientList,
  auditRows,
  authorization,
  loginStorm,
]

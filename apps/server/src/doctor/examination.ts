import type { Finding } from '@rport/host'
import type { Clock, Logger } from '@rport/kit'
import type { ServerConfig } from '../config/index.ts'

/** What a check may look at. */
export interface Patient {
  readonly config: ServerConfig
  /** Absolute. */
  readonly dataDir: string
  /** Process id of the server that runs on this data folder; undefined: none. */
  readonly serverPid: number | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** Looks at one part of a server; changes nothing. */
export type Check = (patient: Patient) => Promise<readonly Finding[]>

export const ok = (check: string, detail: string): Finding => ({ check, outcome: 'ok', detail })
export const warn = (check: string, detail: string, fix: string): Finding => ({ check, outcome: 'warn', detail, fix })
export const fail = (check: string, detail: string, fix: string): Finding => ({ check, outcome: 'fail', detail, fix })

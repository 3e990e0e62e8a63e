import type { Logger } from '@rport/kit'

/** How many sockets each part of the server may have. */
export interface DescriptorShares {
  /** Callers of the API: kept for them, whatever agents do. */
  readonly api: number
  /** Agents and visitors of tunnels together. */
  readonly shared: number
}

/** Our own: database, logs, listeners, certificates, the runtime. */
const OWN_DESCRIPTORS = 128
const MIN_API = 64
const MAX_API = 8192
/** Of a small limit the API gets an eighth. */
const API_PART = 8
/** Where the system does not say: more than the machine can serve. */
const UNKNOWN_LIMIT = 1_048_576
/** Below this a server of a thousand machines runs out: worth a word at the start. */
const FEW_SHARED = 4096

/** Shares out what the process may open. @param limit  undefined: the system does not say */
export function shareDescriptors(limit = UNKNOWN_LIMIT): DescriptorShares {
  const api = Math.min(MAX_API, Math.max(MIN_API, Math.floor(limit / API_PART)))
  return { api, shared: Math.max(1, limit - OWN_DESCRIPTORS - api) }
}

/** Sockets of agents and visitors: one share for both, because nobody knows beforehand who needs how many. */
export interface DescriptorBudget {
  /** Takes one. @returns false when none is left: the caller closes what it holds */
  take(): boolean
  /** Gives one back that was taken. */
  give(): void
  readonly inUse: number
}

/** Without it an agent flood would leave no descriptor to accept an administrator with. */
export function createDescriptorBudget({ shared, log }: { shared: number; log: Logger }): DescriptorBudget {
  let inUse = 0
  let isFull = false
  return {
    get inUse() {
      return inUse
    },
    take() {
      if (inUse >= shared) {
        if (!isFull) log.warn({ limit: shared, fix: FIX }, 'no descriptors left for agents and visitors of tunnels')
        isFull = true
        return false
      }
      inUse += 1
      return true
    },
    give() {
      inUse -= 1
      // With some distance, so that a flood at the limit writes one line and not thousands.
      if (inUse < shared * 0.9) isFull = false
    },
  }
}

const FIX = 'raise the limit of open files: LimitNOFILE=65536 in the unit of systemd, or ulimit -n 65536'

/** Says at the start that the limit of the process is low. */
export function warnOfFewDescriptors(limit: number | undefined, log: Logger): void {
  const { shared } = shareDescriptors(limit)
  if (shared >= FEW_SHARED) return
  log.warn({ limit, agentsAndVisitors: shared, fix: FIX }, 'this process may open few files')
}

import { errorMessage, type Logger } from '@rport/kit'
import { DatabaseError } from './database-error.ts'

/** Keeps track of whether a database server answers, and says so once each time that it changes. */
export interface Reachability {
  /** A question was answered, be it by an error of the server. */
  answered(): void
  /** Nobody answered. @returns what to throw */
  failed(error: unknown): DatabaseError
}

/** Begins reachable. `shown` names the database in the log, without secrets. */
export function createReachability({ shown, log }: { shown: string; log: Logger }): Reachability {
  let isReachable = true
  return {
    answered() {
      if (!isReachable) log.info({ database: shown }, 'database of users and credentials answers again')
      isReachable = true
    },
    failed(error) {
      const reason = errorMessage(error)
      if (isReachable) {
        log.error(
          { database: shown, reason },
          'database of users and credentials cannot be reached: agents that are connected stay, new logins fail until it answers',
        )
      }
      isReachable = false
      return new DatabaseError('unreachable', `the database at ${shown} cannot be reached: ${reason}`, { cause: error })
    },
  }
}

/** What went wrong with the database itself, as opposed to a wrong query. */
export type DatabaseFailure =
  /** The disk (or the file's size limit) is full; nothing of the write is kept. */
  | 'full'
  /** The file is no database or its content contradicts itself. */
  | 'damaged'
  /** A process was killed while it wrote; whoever opens the file for writing takes that back. */
  | 'half-written'
  /** The file was written by a newer version of this program. */
  | 'newer'
  /** Another process holds the file. */
  | 'busy'
  /** The operating system refused to read or write the file. */
  | 'unreachable'
  /** More writes are waiting than the queue takes; try again later. */
  | 'overloaded'
  /** One piece of work did not end in time and was rolled back. */
  | 'timeout'
  /** The database, or the transaction that a query belongs to, is closed. */
  | 'closed'

/** The database cannot do what was asked; `failure` says which way. The query's own mistakes are never wrapped in it. */
export class DatabaseError extends Error {
  readonly failure: DatabaseFailure

  constructor(failure: DatabaseFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DatabaseError'
    this.failure = failure
  }
}

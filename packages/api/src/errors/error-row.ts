/** A row of the error table. `{names}` in title and detail are filled when the error is made. */
export interface ErrorRow {
  readonly status: number
  /** What programs may match on; most of the original's errors have none. */
  readonly code?: string
  /** The original's own text, to the letter, wherever it has one: tools match on it. */
  readonly title: string
  readonly detail?: string
  /** When it happens and what to do about it; for the manual. */
  readonly when: string
}

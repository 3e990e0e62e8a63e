/** The operators of `filter[column][operator]`; the empty one is plain equality with wildcards. */
export const filterOperators = ['', 'eq', 'gt', 'lt', 'since', 'until'] as const
export type FilterOperator = (typeof filterOperators)[number]

/**
 * The filters of one request in a neutral form. All tests must hold.
 *
 * In memory (`compileFilter`): equality ignores letter case, `every` demands all values, null is the text `<nil>`.
 * In SQL a store reads the same tree with other rules, as the original does: equality regards letter case, a value with
 * wildcards is `LIKE` (which ignores it, with `%`, `_` and `\` escaped), the empty value also matches NULL, `every` counts
 * as `any`, and times are compared as the texts they are stored as. Values become parameters, column names come from the
 * grammar and never from the request.
 */
export type FilterTree = readonly FilterTest[]

/** One `filter[…]`: it holds when one of the columns fits. */
export interface FilterTest {
  /** Names of the grammar, at least one. */
  readonly columns: readonly string[]
  readonly operator: FilterOperator
  /** `any`: one of the values is enough. `every`: a column must fit all of them (`and(a,b)`). */
  readonly match: 'any' | 'every'
  /** At least one, blanks around them trimmed. */
  readonly values: readonly FilterValue[]
}

/** One value of a filter. */
export interface FilterValue {
  readonly text: string
  /** The text cut at its `*`; one piece means that there is no wildcard. */
  readonly pieces: readonly string[]
}

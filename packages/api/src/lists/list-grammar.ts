import type { FilterTree } from './filter-tree.ts'

/** What a list accepts in its query. */
export interface ListGrammar {
  /** Sortable fields. Absent: `sort` is ignored; empty: every `sort` is a fault. */
  readonly sort?: readonly string[]
  /** The list takes one `sort` only; the text is how its error calls the list. */
  readonly singleSort?: string
  /** `column` for filters without operator, `column[gt]` for one with. Absent: ignored; empty: every filter is a fault. */
  readonly filter?: readonly string[]
  /** Resource → the names that `fields[resource]` may pick. Absent: ignored. */
  readonly fields?: Readonly<Record<string, readonly string[]>>
  /** What is shown without any `fields[…]`. Absent: everything. */
  readonly defaultFields?: Readonly<Record<string, readonly string[]>>
  /** Absent: the list is not paged and `page[…]` is ignored. */
  readonly page?: { readonly default: number; readonly max: number }
}

/** Describes the query of a list; keeps the names to the letter, so that a handler can switch over them. */
export const listGrammar = <const G extends ListGrammar>(grammar: G): G => grammar

type Names<T> = T extends readonly (infer Name extends string)[] ? Name : never

/** One sort key. */
export interface SortKey<Field extends string = string> {
  readonly field: Field
  readonly descending: boolean
}

/** A list query after validation. */
export interface ListQuery<G extends ListGrammar = ListGrammar> {
  /** In the order of their weight; empty when the list's own order is wanted. */
  readonly sorts: readonly SortKey<Names<G['sort']>>[]
  /** All filters; compile it with `compileFilter`, or turn it into SQL in a store. */
  readonly filter: FilterTree
  /** Resource → the names to show. Resources that are absent are not shown; undefined: everything is. */
  readonly fields: FieldsOf<G> | undefined
  readonly page: PageWindow
}

type FieldsOf<G extends ListGrammar> = G extends { readonly fields: infer F }
  ? { readonly [R in keyof F]?: readonly Names<F[R]>[] }
  : Readonly<Record<string, readonly string[]>>

/** Which rows of the sorted list are wanted. */
export interface PageWindow {
  readonly offset: number
  /** Infinity when the list is not paged. */
  readonly limit: number
}

import type { OptionType } from './option-type.ts'

/** Why a value that could be read is still wrong, and what to do about it (default: the type's advice). */
export type Objection = string | { readonly message: string; readonly fix: string }

/** One setting: everything that is said about it anywhere follows from this. */
export interface Option<T> {
  readonly type: OptionType<T>
  readonly default: T
  /** The first sentence stands in `--help`, all of it in the example file and the manual. */
  readonly description: string
  /** Long flag, without dashes. */
  readonly flag?: string
  /** Short flag: one letter. */
  readonly short?: string
  /** Set by arguments that are no flags: the first of them, or all others. They count as much as flags. */
  readonly positional?: 'first' | 'rest'
  /** A flag that is given again and again takes each text whole instead of splitting it at commas. */
  readonly wholeFlag?: boolean
  /** Older environment variables; they count less than the file. */
  readonly env?: readonly string[]
  /** What numbers count: `bytes`, `seconds`. */
  readonly unit?: string
  /** The value must not be seen in errors although its type does not say so. */
  readonly secret?: boolean
  /** `planned`: known and checked, but without effect yet; setting it warns. Default: `ready`. */
  readonly feature?: 'ready' | 'planned'
  /** The setting that took over, as `section.key`. A value that is neither 0, false nor empty moves there. */
  readonly deprecatedFor?: string
  /** Version that brought it, when it is not one of the original's. */
  readonly since?: string
  /** What the manual says instead of a default that is computed. */
  readonly defaultText?: string
  /** TOML text for the example file where the default teaches nothing. */
  readonly example?: string
  /** The example file sets it: the line is not commented out. */
  readonly set?: boolean
  /** Looks at a value that could be read. */
  validate?(value: T): Objection | undefined
}

type About<T> = Omit<Option<T>, 'type' | 'default'>

/** Declares a setting. Without a default it may be missing: then its value is undefined. */
export function option<T>(type: OptionType<T>, about: About<T> & { readonly default: NoInfer<T> }): Option<T>
export function option<T>(type: OptionType<T>, about: About<T>): Option<T | undefined>
export function option<T>(type: OptionType<T>, about: About<T> & { readonly default?: T }): Option<T | undefined> {
  return { ...about, type: type as OptionType<T | undefined>, default: about.default }
}

/** Settings that belong together; `[name]` in the file. */
export interface Section<Options extends OptionTable = OptionTable> {
  readonly title: string
  readonly description: string
  readonly options: Options
  /** The kind of values under keys that the user invents; such a section has no options. */
  readonly freeKeys?: {
    readonly type: OptionType<unknown>
    readonly example: string
    readonly feature: 'ready' | 'planned'
  }
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>

/** Declares a section whose keys are known. */
export const section = <const O extends OptionTable>(about: {
  readonly title: string
  readonly description: string
  readonly options: O
}): Section<O> => about

/** A flag that sets no option. */
export interface ProgramFlag {
  readonly flag: string
  readonly short?: string
  /** What stands for its value in `--help`; empty: a switch. */
  readonly placeholder: string
  readonly description: string
  /** Understood for the sake of old command lines, and not shown; says why it does nothing. */
  readonly dead?: string
}

/** A key that old files contain and nothing reads. */
export interface DeadKey {
  readonly section: string
  readonly key: string
  /** What to do instead, as a sentence. */
  readonly reason: string
}

/** All settings of one program. */
export interface Program<Sections extends SectionTable = SectionTable> {
  readonly name: string
  /** One line for the top of `--help`. */
  readonly summary: string
  /** What follows the name in `--help`, and what it means. */
  readonly usage: string
  readonly examples: readonly string[]
  /** Words that do something else than running the program, for `--help`; each has a `--help` of its own. */
  readonly commands?: readonly { readonly name: string; readonly summary: string }[]
  /** Read from the current folder when no file was named. */
  readonly implicitFile: string
  readonly sections: Sections
  readonly flags: readonly ProgramFlag[]
  readonly deadKeys: readonly DeadKey[]
  /** What stands before and after the text of a fault; programs of the original's users match on it. */
  readonly faultFrame: { readonly prefix: string; readonly suffix: string }
}

export type SectionTable = Readonly<Record<string, Section>>

/** The values of a program: by section, by key, as the file writes them. */
export type Settings<Sections extends SectionTable> = {
  readonly [S in keyof Sections]: Sections[S] extends { readonly freeKeys: { readonly type: OptionType<infer T> } }
    ? Readonly<Record<string, T>>
    : { readonly [K in keyof Sections[S]['options']]: Sections[S]['options'][K]['default'] }
}

/** The environment variable that overrides the file: `RPORT_API_BAN_TIME`. */
export const envName = (section: string, key: string): string =>
  `RPORT_${section}_${key}`.replaceAll('-', '_').toUpperCase()

/** Section and key of a path; a key may contain dots, a section may not. */
export function lookUp(program: Program, path: string) {
  const dot = path.indexOf('.')
  const section = path.slice(0, dot)
  const key = path.slice(dot + 1)
  return { section, key, option: program.sections[section]?.options[key] }
}

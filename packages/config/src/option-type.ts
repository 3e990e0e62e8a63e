import type { RawValue } from './raw-value.ts'

/** Why a value cannot be taken. The message follows the value (`"3x" is no duration`), the fix is a sentence. */
export class ValueError extends Error {
  override readonly name = 'ValueError'
  readonly fix: string | undefined

  constructor(message: string, fix?: string) {
    super(message)
    this.fix = fix
  }
}

/** A kind of value: how it is read from wherever it was set, and how it is written into the example file. */
export interface OptionType<T> {
  /** The kind's name in the manual. */
  readonly name: string
  /** What stands for the value in `--help`. */
  readonly placeholder: string
  /** What a right value looks like, as advice: `write for example "1h30m"`. */
  readonly advice: string
  /** How the command line treats it: `switch` needs no value, `list` may be given again and again. */
  readonly flagStyle: 'value' | 'switch' | 'list'
  /** The value must not be seen in errors. */
  readonly secret: boolean
  /** Whether the empty text means "not set" where an option has no default. */
  readonly emptyIsUnset: boolean
  /** @throws ValueError */
  read(raw: RawValue): T
  /** The value in TOML's notation. */
  write(value: T): string
}

/** Fills in what most kinds have in common. */
export function optionType<T>(
  own: Pick<OptionType<T>, 'name' | 'placeholder' | 'advice' | 'read' | 'write'> & Partial<OptionType<T>>,
): OptionType<T> {
  return { flagStyle: 'value', secret: false, emptyIsUnset: true, ...own }
}

import { envName, type Option } from './declaration.ts'
import type { Fault, Origin } from './fault.ts'
import type { RawValue } from './raw-value.ts'
import type { FileContent } from './read-toml.ts'
import { readTexts } from './types/lists.ts'

/** Everything that was said about the settings of a program. */
export interface Sources {
  /** Flags by name, without dashes. */
  readonly flags: ReadonlyMap<string, readonly string[]>
  /** Arguments that are no flags. */
  readonly positionals: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly file: FileContent | undefined
  /** What is already known to be wrong with the file. */
  readonly fileFaults: readonly Fault[]
}

/** A value as it was written, and where. */
export interface Found {
  readonly origin: Origin
  readonly raw: RawValue
}

/** The value that counts: flag before environment before file before older environment; undefined when there is none. */
export function findValue(
  { flags, positionals, env, file }: Sources,
  section: string,
  key: string,
  option: Option<unknown>,
): Found | undefined {
  const given = option.flag === undefined ? undefined : flags.get(option.flag)
  if (option.flag !== undefined && given !== undefined) {
    return { origin: { kind: 'flag', name: option.flag }, raw: flagValue(option, given) }
  }
  const argument = positionalValue(option, positionals)
  if (argument !== undefined) return { origin: { kind: 'argument' }, raw: argument }
  const overriding = envValue(env, [envName(section, key)])
  if (overriding) return overriding
  const value = file?.sections.get(section)?.values.get(key)
  if (file && value) return { origin: { kind: 'file', file: file.file, line: value.line }, raw: value.raw }
  return envValue(env, option.env ?? [])
}

/** An empty variable counts as not set: that is how a variable is switched off where it cannot be removed. */
function envValue(env: Sources['env'], names: readonly string[]): Found | undefined {
  for (const name of names) {
    const raw = env[name]
    if (raw !== undefined && raw !== '') return { origin: { kind: 'environment', name }, raw }
  }
  return undefined
}

function positionalValue({ positional }: Option<unknown>, [first, ...rest]: readonly string[]): RawValue | undefined {
  if (positional === 'first') return first
  return positional === 'rest' && rest.length > 0 ? rest : undefined
}

function flagValue(option: Option<unknown>, given: readonly string[]): RawValue {
  const last = given.at(-1) ?? ''
  if (option.type.flagStyle !== 'list') return last
  if (option.wholeFlag) return given
  try {
    return given.length === 1 ? last : given.flatMap((text) => readTexts(text))
  } catch {
    // Not splittable: the type reads the text itself and says what is wrong with it.
    return last
  }
}

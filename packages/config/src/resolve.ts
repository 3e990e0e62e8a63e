import { errorMessage, MASK } from '@rport/kit'
import { lookUp, type Objection, type Option, type Program, type SectionTable, type Settings } from './declaration.ts'
import { describeOrigin, type Fault, type Notice, type Origin } from './fault.ts'
import { type Found, findValue, type Sources } from './find-value.ts'
import { moveDeprecated, reportOutvoted } from './moved-settings.ts'
import { type OptionType, ValueError } from './option-type.ts'
import { type RawValue, showRaw } from './raw-value.ts'
import { checkEnvironment, checkFileKeys } from './unknown-keys.ts'

/** Settings with their past: what they are, where they came from, what is wrong with them. */
export interface Resolution<Sections extends SectionTable> {
  readonly settings: Settings<Sections>
  readonly faults: readonly Fault[]
  readonly notices: readonly Notice[]
  /** @param path  `section.key` */
  origin(path: string): Origin
  /** Whether anybody set it, even to its default. */
  isSet(path: string): boolean
  /**
   * Reports that settings which are fine by themselves are wrong together. Says nothing when one of them is already
   * reported, because then its value is not known.
   */
  object(paths: readonly string[], objection: Objection): void
  notice(notice: Notice): void
}

/**
 * Finds the value of every setting and reads it.
 * @returns all faults together; with faults the settings must not be used, because bad values are left at their defaults
 */
export function resolve<Sections extends SectionTable>(
  program: Program<Sections>,
  sources: Sources,
): Resolution<Sections> {
  const values = new Map<string, unknown>()
  const found = new Map<string, Found>()
  const faulty = new Set<string>()
  const faults: Fault[] = [...sources.fileFaults]
  const notices: Notice[] = []

  const describe = (path: string): string => {
    const { section, key, option } = lookUp(program, path)
    const entry = found.get(path)
    if (!entry) return `[${section}] ${key} is not set`
    const shown = option?.type.secret || option?.secret ? maskRaw(entry.raw) : showRaw(entry.raw)
    const where = describeOrigin(entry.origin)
    return entry.origin.kind === 'file' ? `${where}: [${section}] ${key} = ${shown}` : `${where} = ${shown}`
  }
  const object = (paths: readonly string[], objection: Objection) => {
    if (paths.some((path) => faulty.has(path))) return
    for (const path of paths) faulty.add(path)
    const { message, fix } = typeof objection === 'string' ? { message: objection, fix: undefined } : objection
    const advice = fix ?? lookUp(program, paths[0] ?? '').option?.type.advice
    const where = paths.map(describe).join('\n  ')
    faults.push({ kind: 'setting', message, where, ...(advice === undefined ? {} : { fix: advice }) })
  }
  const read = <T>(path: string, type: OptionType<T>, raw: RawValue): T | undefined => {
    try {
      return type.read(raw)
    } catch (error) {
      const { section, key } = lookUp(program, path)
      const message = `[${section}] ${key} ${errorMessage(error)}`
      const fix = (error instanceof ValueError ? error.fix : undefined) ?? type.advice
      object([path], {
        message: error instanceof ValueError ? message : `[${section}] ${key}: ${errorMessage(error)}`,
        fix,
      })
      return undefined
    }
  }

  for (const [section, { options, freeKeys }] of Object.entries(program.sections)) {
    for (const [key, option] of Object.entries(options)) {
      const path = `${section}.${key}`
      const entry = findValue(sources, section, key, option)
      if (entry) found.set(path, entry)
      const isUnset = !entry || (entry.raw === '' && option.type.emptyIsUnset && option.default === undefined)
      const value = isUnset ? option.default : read(path, option.type, entry.raw)
      const objection = isUnset || faulty.has(path) ? undefined : option.validate?.(value)
      if (objection !== undefined) object([path], objection)
      values.set(path, faulty.has(path) ? option.default : value)
    }
    if (freeKeys) {
      for (const [key, { raw, line }] of sources.file?.sections.get(section)?.values ?? []) {
        const path = `${section}.${key}`
        found.set(path, { raw, origin: { kind: 'file', file: sources.file?.file ?? '', line } })
        values.set(path, read(path, freeKeys.type, raw))
      }
    }
  }

  moveDeprecated(program, values, found, notices)
  for (const path of found.keys()) {
    const { section, key, option } = lookUp(program, path)
    const feature = option ? option.feature : program.sections[section]?.freeKeys?.feature
    const isDefault = option !== undefined && sameValue(option, values.get(path))
    if (feature !== 'planned' || isDefault || option?.deprecatedFor !== undefined) continue
    const where = describeOrigin(found.get(path)?.origin ?? { kind: 'default' })
    notices.push({
      level: 'warn',
      message: 'a setting has no effect yet: its feature comes with a later version',
      fields: { setting: `[${section}] ${key}`, where },
    })
  }
  if (sources.file) checkFileKeys(program, sources.file, faults, notices)
  checkEnvironment(program, sources.env, notices)
  reportOutvoted(program, sources, found, notices)

  return {
    settings: assemble(program, values),
    faults,
    notices,
    origin: (path) => found.get(path)?.origin ?? { kind: 'default' },
    isSet: (path) => found.has(path),
    object,
    notice: (notice) => notices.push(notice),
  }
}

function assemble<Sections extends SectionTable>(
  program: Program<Sections>,
  values: ReadonlyMap<string, unknown>,
): Settings<Sections> {
  const sections = Object.keys(program.sections).map((section) => {
    const prefix = `${section}.`
    const own = [...values].filter(([path]) => path.startsWith(prefix))
    return [section, Object.freeze(Object.fromEntries(own.map(([path, value]) => [path.slice(prefix.length), value])))]
  })
  // The declaration that gave the type also gave the values, one for one.
  return Object.freeze(Object.fromEntries(sections)) as Settings<Sections>
}

const sameValue = (option: Option<unknown>, value: unknown): boolean =>
  value === option.default ||
  (value !== undefined &&
    option.default !== undefined &&
    option.type.write(value) === option.type.write(option.default))

const maskRaw = (raw: RawValue): string => (raw === '' ? '""' : `"${MASK}"`)

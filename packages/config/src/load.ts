import { errorCode, errorMessage } from '@rport/kit'
import { parseArguments } from './arguments.ts'
import type { Program, SectionTable } from './declaration.ts'
import type { Fault } from './fault.ts'
import { readToml } from './read-toml.ts'
import { renderHelp } from './render-help.ts'
import { type Resolution, resolve } from './resolve.ts'

/** What a program is told by whoever starts it; everything from outside comes in here. */
export interface Surroundings {
  /** Arguments behind the program's name. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** The text of a file; throws as the operating system does. */
  readonly readFile: (path: string) => string
  /** Folder in which relative paths start, absolute. */
  readonly cwd: string
}

/** What came of it. `help` is a text to print; nothing else happens then. */
export type Loaded<Sections extends SectionTable> =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }
  | {
      readonly kind: 'resolved'
      readonly resolution: Resolution<Sections>
      /** Path of the file that was read. */
      readonly file: string | undefined
      /** Flags that set no option, by name. */
      readonly flags: ReadonlyMap<string, readonly string[]>
      readonly positionals: readonly string[]
    }

/** Reads command line, configuration file and environment of a program that declares its settings. */
export function load<Sections extends SectionTable>(
  program: Program<Sections>,
  surroundings: Surroundings,
): Loaded<Sections> {
  const { flags, positionals, faults } = parseArguments(surroundings.argv, allFlags(program))
  if (flags.get('help')?.at(-1) === 'true') return { kind: 'help', text: renderHelp(program) }
  if (flags.get('version')?.at(-1) === 'true') return { kind: 'version' }
  if (faults.length > 0) return { kind: 'faults', faults }
  const [first] = positionals
  if (program.commands?.some(({ name }) => name === first)) {
    // Whoever starts the program looks for the command in front; it is an argument to nobody.
    return {
      kind: 'faults',
      faults: [{ kind: 'usage', message: `the command comes first: ${program.name} ${first} …` }],
    }
  }
  if (first !== undefined && !takesArguments(program)) {
    const message = `unknown command ${JSON.stringify(first.slice(0, 40))} for "${program.name}"`
    return { kind: 'faults', faults: [{ kind: 'usage', message }] }
  }

  const file = readConfigFile(program, surroundings, flags.get('config')?.at(-1))
  if (file.fault) return { kind: 'faults', faults: [file.fault] }
  const content = file.text === undefined ? undefined : readToml(file.path, file.text)
  // A file that could not be read leaves every setting unset: what follows from that is no news.
  if (content?.faults.length && content.content.sections.size === 0) return { kind: 'faults', faults: content.faults }

  const resolution = resolve(program, {
    flags,
    positionals,
    env: surroundings.env,
    file: content?.content,
    fileFaults: content?.faults ?? [],
  })
  for (const { flag, dead } of program.flags) {
    if (dead === undefined || !flags.has(flag)) continue
    resolution.notice({ level: 'warn', message: 'a flag is ignored', fields: { flag: `--${flag}`, reason: dead } })
  }
  return { kind: 'resolved', resolution, file: content?.content.file, flags, positionals }
}

const takesArguments = (program: Program): boolean =>
  Object.values(program.sections).some(({ options }) => Object.values(options).some(({ positional }) => positional))

/** Flags of the program and of its settings. */
function allFlags(program: Program) {
  const own = program.flags.map(({ flag, short, placeholder }) => toFlag(flag, short, placeholder === ''))
  const options = Object.values(program.sections).flatMap(({ options }) => Object.values(options))
  return [
    ...own,
    ...options.flatMap(({ flag, short, type }) =>
      flag === undefined ? [] : [toFlag(flag, short, type.flagStyle === 'switch')],
    ),
  ]
}

const toFlag = (name: string, short: string | undefined, isSwitch: boolean) =>
  short === undefined ? { name, isSwitch } : { name, short, isSwitch }

function readConfigFile(
  program: Program,
  { cwd, readFile }: Surroundings,
  named: string | undefined,
): { path: string; text?: string; fault?: Fault } {
  const path = named ?? program.implicitFile
  try {
    return { path, text: readFile(isAbsolute(path) ? path : `${cwd}/${path}`) }
  } catch (error) {
    if (named === undefined && errorCode(error) === 'ENOENT') return { path }
    const message = `error reading config file: ${reasonOf(error, path)}`
    return { path, fault: { kind: 'setting', message, where: path, fix: 'check the path and who may read it' } }
  }
}

/** The operating system's reasons in the words of the original. */
function reasonOf(error: unknown, path: string): string {
  const code = errorCode(error)
  if (code === 'ENOENT') return `open ${path}: no such file or directory`
  if (code === 'EACCES') return `open ${path}: permission denied`
  return code === 'EISDIR' ? `read ${path}: is a directory` : errorMessage(error)
}

const isAbsolute = (path: string): boolean => /^([/\\]|[A-Za-z]:[/\\])/.test(path)

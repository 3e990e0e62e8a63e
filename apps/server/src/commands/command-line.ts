import { parseArgs } from 'node:util'
import { StartError } from '@rport/host'

/** A flag of a subcommand: with a value, or without. */
export interface CommandFlag {
  readonly type: 'string' | 'boolean'
}

/** What follows the name of a subcommand. */
export interface CommandLine<Flags extends Readonly<Record<string, CommandFlag>>> {
  readonly flags: { readonly [Name in keyof Flags]?: Flags[Name]['type'] extends 'string' ? string : boolean }
  /** `--help` or `-h` was there. */
  readonly wantsHelp: boolean
  readonly words: readonly string[]
  /** Flags that lead to the server's settings, as `rportd` itself takes them. */
  readonly serverArguments: readonly string[]
}

const everywhere = {
  config: { type: 'string', short: 'c' },
  'data-dir': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/**
 * Reads the words of a subcommand that takes its own flags, `-c`, `--data-dir` and `--help`.
 * @param maxWords  how many words that are no flags it takes
 * @throws StartError that says what is wrong; it shows no values of flags
 */
export function parseCommandLine<const Flags extends Readonly<Record<string, CommandFlag>>>(
  command: string,
  argv: readonly string[],
  own: Flags,
  maxWords = 0,
): CommandLine<Flags> {
  const wrong = (message: string) => new StartError(`${message}. "rportd ${command} --help" shows how it is used`)
  const { values, positionals } = (() => {
    try {
      return parseArgs({ args: [...argv], options: { ...own, ...everywhere }, allowPositionals: true, strict: true })
    } catch (error) {
      throw wrong(error instanceof Error ? error.message.replace(/\.$/, '') : 'the flags cannot be read')
    }
  })()
  const given: Readonly<Record<string, unknown>> = values
  if (positionals.length > maxWords) throw wrong(`"${positionals[maxWords]?.slice(0, 40)}" is one word too many`)
  const { config, 'data-dir': dataDir } = given
  return {
    flags: given as CommandLine<Flags>['flags'],
    wantsHelp: given['help'] === true,
    words: positionals,
    serverArguments: [
      ...(typeof config === 'string' ? ['--config', config] : []),
      ...(typeof dataDir === 'string' ? ['--data-dir', dataDir] : []),
    ],
  }
}

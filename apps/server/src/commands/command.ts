import type { Logger } from '@rport/kit'
import type { LoadedServerConfig, ServerConfig } from '../config/index.ts'

/** What a subcommand may use of the process. */
export interface CommandDeps {
  /** Reads the settings as a start of the server would; ends the process when they are wrong. */
  readonly settings: (argv: readonly string[]) => ServerConfig
  /** Reads the settings and leaves it to the command what comes of wrong ones. */
  readonly loadSettings: (argv: readonly string[]) => LoadedServerConfig
  /** Writes to standard output; resolves when there is room for more. */
  readonly print: (text: string) => Promise<void>
  /** Writes to standard error. */
  readonly complain: (text: string) => void
  /** Replaces the last line of a terminal, for people who wait; an empty text removes it. Nothing is shown elsewhere. */
  readonly progress: (text: string) => void
  /** From the first call on, Ctrl-C and SIGTERM abort this signal instead of ending the process at once. */
  readonly interruption: () => AbortSignal
  /** All of the standard input; at most once. */
  readonly readInput: () => Promise<string>
  readonly log: Logger
}

/** A subcommand: `rportd <name> …`. */
export interface Command {
  readonly name: string
  /** Lines for people, each with its line end. */
  readonly usage: string
  /** @returns the exit code: 0 = fine, 1 = not, 2 = misunderstood. What it throws is shown, exit code 1. */
  run(words: readonly string[], deps: CommandDeps): Promise<number>
}

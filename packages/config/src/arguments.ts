import type { Fault } from './fault.ts'
import { nearest } from './suggest.ts'

/** A flag of the command line. */
export interface Flag {
  readonly name: string
  readonly short?: string
  /** A switch needs no value; one may follow after `=`. */
  readonly isSwitch: boolean
}

/** A command line, taken apart. */
export interface Arguments {
  /** Values by flag, in the order in which they were given. */
  readonly flags: ReadonlyMap<string, readonly string[]>
  readonly positionals: readonly string[]
  readonly faults: readonly Fault[]
}

/**
 * Takes a command line apart as the original did: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`,
 * switches alone or with `=false`, `--` before arguments that start with a dash; flags and arguments in any order.
 */
export function parseArguments(argv: readonly string[], known: readonly Flag[]): Arguments {
  const flags = new Map<string, string[]>()
  const positionals: string[] = []
  const faults: Fault[] = []
  const rest = [...argv]

  const give = (flag: Flag, attached: string | undefined, written: string) => {
    const value = attached ?? (flag.isSwitch ? 'true' : rest.shift())
    if (value === undefined) {
      faults.push({ kind: 'usage', message: `flag needs an argument: ${written}` })
      return
    }
    flags.set(flag.name, [...(flags.get(flag.name) ?? []), value])
  }

  const takeLong = (text: string) => {
    const equals = text.indexOf('=')
    const name = equals < 0 ? text : text.slice(0, equals)
    const flag = known.find((candidate) => candidate.name === name)
    if (flag) give(flag, equals < 0 ? undefined : text.slice(equals + 1), `--${name}`)
    else
      faults.push(
        unknownFlag(
          `--${name}`,
          nearest(
            name,
            known.map((candidate) => candidate.name),
          ),
        ),
      )
  }

  const takeShort = (text: string) => {
    const letter = text.slice(0, 1)
    const flag = known.find((candidate) => candidate.short === letter)
    const behind = text.slice(1)
    if (!flag) {
      // A long flag with one dash is the usual slip; its other letters mean nothing then.
      faults.push(unknownFlag(`-${letter}`, known.find(({ name }) => name === text.split('=')[0])?.name))
    } else if (behind.startsWith('=')) {
      give(flag, behind.slice(1), `-${letter}`)
    } else if (flag.isSwitch) {
      give(flag, undefined, `-${letter}`)
      if (behind !== '') takeShort(behind)
    } else {
      give(flag, behind === '' ? undefined : behind, `-${letter}`)
    }
  }

  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--') positionals.push(...rest.splice(0))
    else if (argument.startsWith('--')) takeLong(argument.slice(2))
    else if (argument.startsWith('-') && argument.length > 1) takeShort(argument.slice(1))
    else positionals.push(argument)
  }
  return { flags, positionals, faults }
}

function unknownFlag(written: string, suggestion: string | undefined): Fault {
  const fault: Fault = { kind: 'usage', message: `unknown flag: ${shorten(written)}` }
  return suggestion === undefined ? fault : { ...fault, fix: `Did you mean --${suggestion}?` }
}

/** What follows may be anything, a misplaced password too. */
const shorten = (written: string): string => (written.length > 40 ? `${written.slice(0, 40)}…` : written)

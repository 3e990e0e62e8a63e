import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface BenchOptions {
  /** Names of lines, whole or the beginning; empty = all. */
  readonly only: readonly string[]
  readonly rounds: number
  readonly isQuick: boolean
  /** Connector processes of our server. */
  readonly connectors: number
  readonly isList: boolean
  readonly isHelp: boolean
  /** Folder for profiles of our programs; undefined = none are written. */
  readonly profileDir?: string
  /** File for the JSON. */
  readonly out?: string
  /** Whether docs/performance.md is written anew. */
  readonly isWrite: boolean
  /** Paths of foreign programs by option name. */
  readonly programs: Readonly<Record<string, string>>
}

/** Foreign programs that can take part. Both ends of a pair must be given. */
export const PROGRAMS = ['go-rport', 'go-rportd', 'chisel', 'frpc', 'frps', 'rathole'] as const

export const USAGE = `npm run bench -- [options]

  --only NAME       only lines whose name begins so; may be given more than once
  --rounds N        rounds for each contender, of which the median counts (default 3)
  --quick           tiny sizes: tells whether everything works, not how fast it is
  --connectors N    our server with so many connector processes (default 0)
  --list            names of the lines
  --out FILE        the JSON goes there (default node_modules/.cache/bench/last.json)
  --profile DIR     a CPU profile of our programs for each line, with a list of the hot spots beside it
  --write           write docs/performance.md anew; lines that this run leaves out stay as they were measured last
  --go-rport PATH --go-rportd PATH    the Go original
  --chisel PATH     chisel          --frpc PATH --frps PATH  frp          --rathole PATH  rathole
`

/** Reads the command line. @throws Error that says which option is wrong and how it should be */
export function parseBenchArguments(args: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '3' },
      connectors: { type: 'string', default: '0' },
      quick: flag,
      list: flag,
      help: { ...flag, short: 'h' },
      profile: text,
      out: text,
      write: flag,
      ...Object.fromEntries(PROGRAMS.map((name) => [name, text])),
    },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 99) {
    throw new Error(`--rounds ${values.rounds}: a whole number from 1 to 99 is wanted`)
  }
  const connectors = Number(values.connectors)
  if (!Number.isInteger(connectors) || connectors < 0 || connectors > 64) {
    throw new Error(`--connectors ${values.connectors}: a whole number from 0 to 64 is wanted`)
  }
  if (connectors > 0 && values.write) {
    throw new Error('--write --connectors: the page shows the server as it is without settings; leave out one of them')
  }
  const given = values as Readonly<Record<string, unknown>>
  const programs = PROGRAMS.flatMap((name) => (typeof given[name] === 'string' ? [[name, given[name]]] : []))
  return {
    only: values.only.flatMap((names) => names.split(',')).filter((name) => name !== ''),
    rounds,
    connectors,
    isQuick: values.quick,
    isList: values.list,
    isHelp: values.help,
    isWrite: values.write,
    ...(values.profile === undefined ? {} : { profileDir: values.profile }),
    ...(values.out === undefined ? {} : { out: values.out }),
    programs: Object.fromEntries(programs),
  }
}

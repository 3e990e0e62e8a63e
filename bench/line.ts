import type { Scope } from '../tests/harness/scope.ts'
import type { Load } from './load/load.ts'

/** Which side of a comparison wins. */
export type Better = 'more' | 'less'

/**
 * What a figure is held against. With `of` the goals are multiples of what that contender reached in the same run; without
 * it they are values in the figure's own unit.
 */
export interface Goal {
  readonly of?: string
  readonly must: number
  readonly aim: number
}

/** One number of a line: a column of the JSON and a row of the table. */
export interface Figure {
  /** Key of the measurement that `measure` returns. */
  readonly key: string
  readonly title: string
  /** Unit of the value, such as `MB/s` or `µs`. */
  readonly unit: string
  readonly better: Better
  /** Left out when the figure is shown for scale only. */
  readonly goal?: Goal
}

/** What one round of one contender came to: a value for each figure's key. A figure that could not be had is left out. */
export type Measurement = Readonly<Record<string, number>>

/** What a line is given to measure with. */
export interface LineContext {
  /** Who is measured in this call: one of the line's contenders. */
  readonly contender: string
  /** What this call starts is added here; it ends with the call. */
  readonly scope: Scope
  /** Tiny sizes and short times: is it alive, not how fast is it. */
  readonly isQuick: boolean
  /** Paths of foreign programs by their option, such as `go-rportd`. */
  readonly programs: Readonly<Record<string, string>>
  /** Tunnels of the contenders, started when first asked for and kept until the run ends. */
  readonly tunnels: Tunnels
  /** Makes load, from processes of its own. */
  readonly load: Load
  /** Where the target listens that the tunnels lead to. */
  readonly targetPort: number
  /** Environment for our own programs: empty, or with what writes a profile of this line. */
  readonly env: Readonly<Record<string, string>>
}

/** A way from a port of this machine to the bench's target, through one contender. */
export interface Tunnel {
  readonly port: number
  /** Processes of the contender, without their children; empty for the loopback itself. */
  readonly pids: readonly number[]
}

/** Starts tunnels and keeps them for the rounds and lines that follow. */
export interface Tunnels {
  /** @param roundTripMs  delay of the line between the contender's two ends, there and back; 0 = none */
  open(contender: string, roundTripMs: number): Promise<Tunnel>
}

/** One measurement that several contenders take in turns. */
export interface Line {
  /** Kebab-case; what `--only` names. */
  readonly name: string
  readonly title: string
  /** Who takes part, in the order of the table. A contender whose program is not given is left out by the runner. */
  readonly contenders: readonly string[]
  readonly figures: readonly Figure[]
  /** Rounds of its own where one round is long; otherwise those of the command line. */
  readonly rounds?: number
  /** One round of `context.contender`. @throws when it cannot be measured; the runner reports it and goes on. */
  measure(context: LineContext): Promise<Measurement>
}

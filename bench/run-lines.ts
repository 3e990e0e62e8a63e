import { createScope } from '../tests/harness/scope.ts'
import type { Line, LineContext, Measurement } from './line.ts'
import { median } from './statistics.ts'

/** What came of one contender on one line. */
export interface ContenderResult {
  readonly contender: string
  readonly rounds: readonly Measurement[]
  /** For each figure the median of the rounds that have it. */
  readonly medians: Measurement
  /** Why rounds failed, one text for each. */
  readonly failures: readonly string[]
}

/** What came of a line. */
export interface LineResult {
  readonly line: Line
  readonly contenders: readonly ContenderResult[]
}

/** What all calls of a line share. */
export type SharedContext = Omit<LineContext, 'contender' | 'scope'>

export interface RunOptions {
  readonly rounds: number
  /** Contenders that can take part in this run. */
  readonly isPresent: (contender: string) => boolean
  /** Lets a line run with what all its calls share; contender and scope are the runner's. */
  readonly prepare: <T>(line: Line, use: (shared: SharedContext) => Promise<T>) => Promise<T>
  /** Told before each call. */
  readonly onStep: (text: string) => void
}

/**
 * Runs the lines one after the other. Within a line the contenders take turns, round by round, so that a machine that grows
 * slower or busier meets all of them alike.
 */
export async function runLines(lines: readonly Line[], options: RunOptions): Promise<LineResult[]> {
  const results: LineResult[] = []
  for (const line of lines) results.push(await options.prepare(line, (shared) => runLine(line, shared, options)))
  return results
}

async function runLine(line: Line, shared: SharedContext, options: RunOptions): Promise<LineResult> {
  const present = line.contenders.filter(options.isPresent)
  const rounds = new Map(present.map((contender) => [contender, [] as Measurement[]]))
  const failures = new Map(present.map((contender) => [contender, [] as string[]]))
  const count = Math.min(options.rounds, line.rounds ?? options.rounds)
  for (let round = 1; round <= count; round += 1) {
    for (const contender of present) {
      options.onStep(`${line.name}  round ${round} of ${count}  ${contender}`)
      const scope = createScope()
      try {
        rounds.get(contender)?.push(await line.measure({ ...shared, contender, scope }))
      } catch (error) {
        // One contender that fails is a gap in the table, not the end of the run.
        failures.get(contender)?.push(error instanceof Error ? error.message : String(error))
      } finally {
        await scope.close()
      }
    }
  }
  const contenders = present.map((contender) => {
    const measured = rounds.get(contender) ?? []
    return { contender, rounds: measured, medians: medians(line, measured), failures: failures.get(contender) ?? [] }
  })
  return { line, contenders }
}

function medians(line: Line, rounds: readonly Measurement[]): Measurement {
  const entries = line.figures.flatMap(({ key }) => {
    const values = rounds.map((round) => round[key]).filter((value) => value !== undefined)
    return values.length === 0 ? [] : [[key, median(values)] as const]
  })
  return Object.fromEntries(entries)
}

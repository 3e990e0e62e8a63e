import { CONTENDERS } from './contenders/index.ts'
import type { Line } from './line.ts'
import type { Machine } from './machine.ts'
import type { LineResult } from './run-lines.ts'
import { markdownTable, OURS } from './table.ts'

/** A line as it was measured last, and where. */
export interface MeasuredLine {
  readonly machine: Machine
  readonly rounds: number
  /** The line's `measure` is of no use here: this comes from a file. */
  readonly result: LineResult
}

/** The lines of a run in place of older ones of the same name; the order is that of `lines`. */
export function mergeLines(
  lines: readonly Line[],
  older: readonly MeasuredLine[],
  newer: readonly MeasuredLine[],
): MeasuredLine[] {
  return lines.flatMap(({ name }) => {
    const isIt = ({ result }: MeasuredLine) => result.line.name === name
    const found = newer.find(isIt) ?? older.find(isIt)
    return found ? [found] : []
  })
}

/** docs/performance.md. Contenders of a line were measured in the same run, in turns; lines may be of different runs. */
export function performancePage(measured: readonly MeasuredLine[], soak: string | undefined): string {
  const machine = measured.at(-1)?.machine
  const results = measured.map(({ result }) => result)
  const took = new Set(results.flatMap(({ contenders }) => contenders.map(({ contender }) => contender)))
  const contenders = CONTENDERS.filter(({ name }) => took.has(name)).map(({ name, what }) => `- **${name}**: ${what}.`)
  const lines = measured.map(
    ({ machine: { measuredAt, versions, loadBefore }, rounds, result: { line } }) =>
      `| ${line.name} | ${line.title} | ${minute(measuredAt)} | ${versions['commit']} | ${loadBefore.toFixed(1)} | ${Math.min(rounds, line.rounds ?? rounds)} |`,
  )
  const failures = results.flatMap(({ line, contenders: all }) =>
    all.flatMap(({ contender, failures: texts }) =>
      texts.length === 0 ? [] : [`- ${line.name}, ${contender}: ${texts[0]}`],
    ),
  )
  return [
    '# Performance',
    '',
    '<!-- Written by `npm run bench -- --write`; what stands here by hand is lost. -->',
    '',
    'What `npm run bench` measured. Every figure stands beside its yardstick of the same run on the same machine, in turns with',
    `it, so the ratios mean more than the numbers. **${OURS}** is ours. *Of must* and *of aim* say how far it is to the goal:`,
    '1 = reached, 2 = twice as good as asked. *pass* reaches the aim, *near* what must be reached, *miss* neither; *shown* has no',
    'goal or no yardstick. [The bench](../bench/README.md) says what each line is and how to run it.',
    '',
    ...(machine
      ? [
          `Machine: ${machine.cores} cores of ${machine.processor}, ${machine.memoryGiB} GiB, ${machine.system}. Node ${machine.versions['node']},`,
          `${machine.versions['openssh']}. Load generator, target, contenders and all else share these cores.`,
          '',
        ]
      : []),
    markdownTable(results),
    '',
    ...(soak === undefined ? [] : ['## Full load for a long time', '', soak, '']),
    '## Who took part',
    '',
    ...contenders,
    '',
    '## When',
    '',
    'Load is the number of programs that wanted a core in the minute before: above 0.5 the machine had other things to do.',
    '',
    '| line | what | measured (UTC) | commit | load | rounds |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
    ...(failures.length === 0 ? [] : ['## Gaps', '', ...failures, '']),
  ].join('\n')
}

const minute = (instant: string): string => instant.slice(0, 16).replace('T', ' ')

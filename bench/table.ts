import type { Figure, Goal } from './line.ts'
import type { ContenderResult, LineResult } from './run-lines.ts'
import { type Judgement, judge } from './verdict.ts'

/** The contender that is judged. */
export const OURS = 'rport'

const HEADINGS = ['figure', 'unit', OURS, 'goal', 'of must', 'of aim', 'verdict', 'beside it'] as const

/** A figure of a line with its judgement, as it stands in the table and in the JSON. */
export interface Row {
  readonly line: string
  readonly figure: Figure
  readonly ours?: number
  readonly judgement: Judgement
  /** Medians of the others by contender. */
  readonly others: Readonly<Record<string, number>>
}

/** One row for each figure, in the order of the lines. */
export function rowsOf(results: readonly LineResult[]): Row[] {
  return results.flatMap(({ line, contenders }) =>
    line.figures.map((figure) => {
      const medianOf = (name: string | undefined) =>
        contenders.find(({ contender }) => contender === name)?.medians[figure.key]
      const ours = medianOf(OURS)
      const others = contenders.flatMap((result: ContenderResult) => {
        const value = result.medians[figure.key]
        return result.contender === OURS || value === undefined ? [] : [[result.contender, value] as const]
      })
      return {
        line: line.name,
        figure,
        ...(ours === undefined ? {} : { ours }),
        judgement: judge(figure, ours, medianOf(figure.goal?.of)),
        others: Object.fromEntries(others),
      }
    }),
  )
}

/** The table for a terminal: columns side by side. */
export function textTable(results: readonly LineResult[]): string {
  const table = [HEADINGS, ...rowsOf(results).map(cells)]
  const widths = HEADINGS.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The same table for a page. */
export function markdownTable(results: readonly LineResult[]): string {
  const rule = HEADINGS.map(() => '---')
  return [HEADINGS, rule, ...rowsOf(results).map(cells)].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** Three digits that mean something, whatever the size. */
export function digits(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  if (value === 0) return '0'
  const places = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return value.toFixed(places)
}

function cells({ line, figure, ours, judgement, others }: Row): string[] {
  const beside = Object.entries(others).map(([contender, value]) => `${contender} ${digits(value)}`)
  const { reached, ofMust, ofAim, verdict } = judgement
  const multiple = figure.goal?.of !== undefined && reached !== undefined ? ` (${digits(reached)} ×)` : ''
  return [
    `${line}: ${figure.title}`,
    figure.unit,
    `${digits(ours)}${multiple}`,
    figure.goal ? goalText(figure.goal) : '',
    digits(ofMust),
    digits(ofAim),
    verdict,
    beside.join(', '),
  ]
}

const goalText = ({ of, must, aim }: Goal): string =>
  of === undefined ? `${must}, aim ${aim}` : `${must} × ${of}, aim ${aim} ×`

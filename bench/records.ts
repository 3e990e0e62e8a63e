import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../tests/harness/programs.ts'
import { LINES } from './lines/index.ts'
import { type MeasuredLine, mergeLines, performancePage } from './page.ts'
import { rowsOf } from './table.ts'

const CACHE = join(ROOT, 'node_modules/.cache/bench')
/** The last measurement of each line, so that a page can be put together from several runs. */
const LINES_FILE = join(CACHE, 'lines.json')
/** What the last soak said; `soak.ts` writes it. */
export const SOAK_FILE = join(CACHE, 'soak.txt')
const PAGE = join(ROOT, 'docs/performance.md')

/** Writes a run as JSON. @returns the file */
export function writeRun(measured: readonly MeasuredLine[], out: string | undefined): string {
  const file = out ?? join(CACHE, 'last.json')
  mkdirSync(dirname(file), { recursive: true })
  const results = measured.map(({ result }) => result)
  const [first] = measured
  const report = { machine: first?.machine, rounds: first?.rounds, rows: rowsOf(results), results }
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`)
  return file
}

/** Writes docs/performance.md anew from this run and, for lines that it left out, from earlier ones. @returns the file */
export function writePage(measured: readonly MeasuredLine[]): string {
  const older = existsSync(LINES_FILE) ? (JSON.parse(readFileSync(LINES_FILE, 'utf8')) as MeasuredLine[]) : []
  const merged = mergeLines(LINES, older, measured)
  mkdirSync(CACHE, { recursive: true })
  writeFileSync(LINES_FILE, JSON.stringify(merged))
  writeFileSync(PAGE, performancePage(merged, existsSync(SOAK_FILE) ? readFileSync(SOAK_FILE, 'utf8') : undefined))
  return PAGE
}

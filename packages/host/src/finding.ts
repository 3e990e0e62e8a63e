/** What a look at one thing found. */
export interface Finding {
  /** The thing, in a word or two: `database`, `data folder`. */
  readonly check: string
  /** `fail`: it cannot work like this; `warn`: it works, and somebody should look at it. */
  readonly outcome: 'ok' | 'warn' | 'fail'
  /** What was found, no secrets. */
  readonly detail: string
  /** The way out. */
  readonly fix?: string
}

const MARKS = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' } as const
/** Everything invisible: values of strangers are shown to a terminal. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** The findings for people, a line or two each, and a sum. */
export function renderFindings(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ check }) => check.length))
  const lines = findings.flatMap(({ check, outcome, detail, fix }) => [
    `${MARKS[outcome]}  ${check.padEnd(width)}  ${visible(detail)}`,
    ...(fix === undefined ? [] : [`${' '.repeat(width + 8)}${visible(fix)}`]),
  ])
  const count = (outcome: Finding['outcome']) => findings.filter((finding) => finding.outcome === outcome).length
  return `${lines.join('\n')}\n\n${count('ok')} fine, ${count('warn')} to look at, ${count('fail')} wrong\n`
}

/** The findings for programs: `ok` is false when one of them is a failure. */
export const findingsAsJson = (findings: readonly Finding[]): string =>
  `${JSON.stringify({ ok: !hasFailure(findings), findings }, undefined, 2)}\n`

/** Whether something cannot work. */
export const hasFailure = (findings: readonly Finding[]): boolean => findings.some(({ outcome }) => outcome === 'fail')

const visible = (text: string): string => text.replace(INVISIBLE, '?')

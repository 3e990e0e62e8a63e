/** One figure with all its labels. */
export interface Sample {
  readonly value: number
  /** Only labels whose values are few and ours: nothing that a user or an agent can invent. */
  readonly labels?: Readonly<Record<string, string>>
  /** Behind the name of the family: `_bucket`, `_sum`, `_count` of a histogram. */
  readonly suffix?: '_bucket' | '_sum' | '_count'
}

/** All figures of one name. */
export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly Sample[]
}

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Writes families in Prometheus' text format, version 0.0.4. Families without samples are left out. */
export function renderFamilies(families: readonly Family[]): string {
  const lines: string[] = []
  for (const { name, type, help, samples } of families) {
    if (samples.length === 0) continue
    lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`)
    for (const { value, labels, suffix = '' } of samples)
      lines.push(`${name}${suffix}${labelText(labels)} ${number(value)}`)
  }
  return `${lines.join('\n')}\n`
}

/** A family of one figure. */
export const single = (type: 'counter' | 'gauge', name: string, help: string, value: number): Family => ({
  name,
  type,
  help,
  samples: [{ value }],
})

/** A family with one label and its known values. */
export const labelled = (
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  label: string,
  values: Readonly<Record<string, number>>,
): Family => ({
  name,
  type,
  help,
  samples: Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value })),
})

function labelText(labels: Sample['labels']): string {
  const pairs = Object.entries(labels ?? {}).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (Number.isFinite(value)) return String(value)
  return value > 0 ? '+Inf' : '-Inf'
}

/** Reads what `npm audit --json` says. */

export interface Advisories {
  /** Why there is no answer: the registry does not offer advisories, or cannot be reached. */
  readonly unavailable?: string
  /** Serious ones in what we ship: the check fails. */
  readonly serious: readonly string[]
  /** The others: said, no more. */
  readonly others: readonly string[]
}

const SERIOUS = new Set(['high', 'critical'])

/** @param text  standard output of `npm audit --json`; npm prints an object without `vulnerabilities` when it got no answer */
export function readAdvisories(text: string): Advisories {
  const report = parse(text)
  if (!isObject(report) || !isObject(report['vulnerabilities'])) {
    const message =
      isObject(report) && typeof report['message'] === 'string' ? report['message'] : 'npm audit gave no answer'
    return { unavailable: message.split(' - ')[0] ?? message, serious: [], others: [] }
  }
  const found = Object.values(report['vulnerabilities']).filter(isObject)
  const isSerious = (entry: Record<string, unknown>) => SERIOUS.has(String(entry['severity']))
  return {
    serious: found.filter(isSerious).map(describe),
    others: found.filter((entry) => !isSerious(entry)).map(describe),
  }
}

function describe(entry: Record<string, unknown>): string {
  const via = Array.isArray(entry['via']) ? entry['via'] : []
  const titles = via.map((cause: unknown) => (isObject(cause) ? String(cause['title']) : `through ${String(cause)}`))
  return `${String(entry['name'])} ${String(entry['range'])}: ${String(entry['severity'])}: ${titles.join('; ')}`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // npm prints nothing at all when it is cut off
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

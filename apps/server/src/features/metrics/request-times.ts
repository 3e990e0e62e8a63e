import { MS_PER_SECOND } from '@rport/kit'
import type { Family } from './exposition.ts'

/** Counts answered requests of the API and how long they took. */
export interface RequestTimes {
  /** One request was answered. `durationMs` from its first byte to the last of its answer. */
  answered(method: string, status: number, durationMs: number): void
  families(): readonly Family[]
}

/** Upper bounds of the histogram, in seconds: from a list in memory to a question that an agent does not answer. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90]
/** Whatever else callers invent is one of the others: a label must not grow. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])

/** Nothing is counted yet. */
export function createRequestTimes(): RequestTimes {
  const counts = new Map<string, { readonly method: string; readonly status: number; count: number }>()
  const buckets = new Float64Array(BOUNDS.length + 1)
  let sumSeconds = 0
  return {
    answered(method, status, durationMs) {
      const known = METHODS.has(method) ? method : 'other'
      const key = `${known} ${status}`
      const entry = counts.get(key) ?? { method: known, status, count: 0 }
      counts.set(key, entry)
      entry.count += 1
      const seconds = durationMs / MS_PER_SECOND
      const at = BOUNDS.findIndex((bound) => seconds <= bound)
      const slot = at < 0 ? BOUNDS.length : at
      buckets[slot] = (buckets[slot] ?? 0) + 1
      sumSeconds += seconds
    },
    families() {
      let total = 0
      const histogram = [...BOUNDS, Number.POSITIVE_INFINITY].map((bound, index) => {
        total += buckets[index] ?? 0
        const le = Number.isFinite(bound) ? String(bound) : '+Inf'
        return { suffix: '_bucket', labels: { le }, value: total } as const
      })
      return [
        {
          name: 'rport_api_requests_total',
          type: 'counter',
          help: 'Requests that the API has answered.',
          samples: [...counts.values()].map(({ method, status, count }) => ({
            labels: { method, status: String(status) },
            value: count,
          })),
        },
        {
          name: 'rport_api_request_duration_seconds',
          type: 'histogram',
          help: 'Time that requests of the API took.',
          samples: [...histogram, { suffix: '_sum', value: sumSeconds }, { suffix: '_count', value: total }],
        },
      ]
    },
  }
}

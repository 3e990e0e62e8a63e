import type { Line } from '../line.ts'
import { MS_PER_NS, REVERSE, told, visitThrough } from './tunnel-line.ts'

const ROUND_TRIP_MS = 100
const MB = 1e6

/** One stream to the other side of an ocean: what windows allow. */
export const farStream: Line = {
  name: 'far-stream',
  title: `One stream at a round trip of ${ROUND_TRIP_MS} ms between the two ends`,
  contenders: REVERSE,
  figures: [
    { key: 'up', title: 'up', unit: 'MB/s', better: 'more', goal: { of: 'openssh-r', must: 5, aim: 20 } },
    { key: 'down', title: 'down', unit: 'MB/s', better: 'more', goal: { of: 'openssh-r', must: 5, aim: 20 } },
  ],
  async measure(context) {
    const [warmMs, windowMs] = context.isQuick ? [250, 250] : [3000, 3000]
    const measured: Record<string, number> = {}
    for (const direction of ['up', 'down'] as const) {
      const words = [1, warmMs, windowMs, context.targetPort] as const
      const { figures } = await visitThrough(context, ROUND_TRIP_MS, ({ port }) => [direction, port, ...words])
      measured[direction] = told(figures, 'bytesPerSecond') / MB
    }
    return measured
  },
}

/** How many trips a new connection through an open tunnel needs before its first answer. */
export const farFirstByte: Line = {
  name: 'far-first-byte',
  title: `First byte of a new connection at a round trip of ${ROUND_TRIP_MS} ms between the two ends`,
  contenders: REVERSE,
  figures: [
    { key: 'trips', title: 'p50', unit: 'round trips', better: 'less', goal: { must: 1.1, aim: 1.02 } },
    { key: 'p99', title: 'p99', unit: 'round trips', better: 'less' },
  ],
  async measure(context) {
    const count = context.isQuick ? 2 : 20
    const { figures } = await visitThrough(context, ROUND_TRIP_MS, ({ port }) => ['calls', port, 1, count])
    const trips = (key: string) => (told(figures, key) * MS_PER_NS) / ROUND_TRIP_MS
    return { trips: trips('p50Ns'), p99: trips('p99Ns') }
  },
}

import type { Line } from '../line.ts'
import { BOTH_WAYS, told, US_PER_NS, visitThrough } from './tunnel-line.ts'

const PER_SECOND = 10_000
/** For so long nobody counts: a program that compiles itself while it runs is quick after some seconds of the same work. */
const WARM = { pings: 20_000, pacedMs: 5000 }

/** A keystroke and its echo, one after the other. */
export const ping: Line = {
  name: 'ping',
  title: '64 bytes there and back',
  contenders: BOTH_WAYS,
  figures: [
    { key: 'p50', title: 'p50', unit: 'µs', better: 'less', goal: { of: 'openssh-l', must: 1.1, aim: 0.8 } },
    { key: 'p99', title: 'p99', unit: 'µs', better: 'less' },
  ],
  async measure(context) {
    const count = context.isQuick ? 50 : 10_000
    if (!context.isQuick) await visitThrough(context, 0, ({ port }) => ['ping', port, 64, WARM.pings])
    const { figures } = await visitThrough(context, 0, ({ port }) => ['ping', port, 64, count])
    return { p50: told(figures, 'p50Ns') * US_PER_NS, p99: told(figures, 'p99Ns') * US_PER_NS }
  },
}

/** Small messages at a steady rate, as from a desktop or a voice: how late each one is, and what it costs. */
export const paced: Line = {
  name: 'paced',
  title: '256-byte messages, 10,000 a second, one way',
  contenders: BOTH_WAYS,
  figures: [
    { key: 'p50', title: 'p50', unit: 'µs', better: 'less', goal: { of: 'openssh-l', must: 1.2, aim: 1 } },
    { key: 'p99', title: 'p99', unit: 'µs', better: 'less', goal: { of: 'openssh-l', must: 1.5, aim: 0.5 } },
    { key: 'cpu', title: 'processor, both ends', unit: 'µs/message', better: 'less' },
  ],
  async measure(context) {
    const [warmMs, windowMs] = context.isQuick ? [20, 100] : [WARM.pacedMs, 2500]
    const { figures, cpuSeconds } = await visitThrough(context, 0, ({ port }) => [
      'paced',
      port,
      PER_SECOND,
      warmMs,
      windowMs,
      context.targetPort,
    ])
    return {
      p50: told(figures, 'p50Ns') * US_PER_NS,
      p99: told(figures, 'p99Ns') * US_PER_NS,
      ...(context.contender === 'loopback' ? {} : { cpu: (cpuSeconds * 1e6) / told(figures, 'sent') }),
    }
  },
}

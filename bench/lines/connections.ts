import type { Line } from '../line.ts'
import { BOTH_WAYS, told, US_PER_NS, visitThrough } from './tunnel-line.ts'

/** Visitors that come at the same time. */
const WIDTH = 16

/** Connections that ask one thing and end, as a browser's or a monitor's. */
export const connections: Line = {
  name: 'connections',
  title: `New connections: asked, answered and closed, ${WIDTH} at a time`,
  contenders: BOTH_WAYS,
  figures: [
    {
      key: 'rate',
      title: 'rate',
      unit: '1/s',
      better: 'more',
      goal: { of: 'openssh-l', must: 0.55, aim: 1 },
    },
    { key: 'firstByte', title: 'first byte p50, one at a time', unit: 'µs', better: 'less' },
    { key: 'cpu', title: 'processor, both ends', unit: 'µs each', better: 'less' },
  ],
  async measure(context) {
    const [each, alone] = context.isQuick ? [2, 5] : [250, 500]
    const many = await visitThrough(context, 0, ({ port }) => ['calls', port, WIDTH, each])
    const single = await visitThrough(context, 0, ({ port }) => ['calls', port, 1, alone])
    return {
      rate: told(many.figures, 'perSecond'),
      firstByte: told(single.figures, 'p50Ns') * US_PER_NS,
      ...(context.contender === 'loopback' ? {} : { cpu: (many.cpuSeconds * 1e6) / told(many.figures, 'count') }),
    }
  },
}

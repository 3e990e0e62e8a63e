import type { Line } from '../line.ts'
import { REVERSE, told, visitThrough } from './tunnel-line.ts'

const DIRECTIONS = ['up', 'down'] as const
/** In the order of a tunnel's processes. */
const ENDS = ['listening', 'dialling'] as const
/** Goals for the processor: 2.2 and 1.2 s/GB on the machine where they were set, on which OpenSSH took 1.25. Machines differ, their ratios less. */
const PROCESSOR = { of: 'openssh-r', must: 1.76, aim: 0.96 }
const MB = 1e6
const GB = 1e9

/** Bulk through one tunnel: up is from the visitor to the target behind the agent. */
function streams(name: string, count: number, must: number): Line {
  return {
    name,
    title: `${count === 1 ? 'One stream' : `${count} streams`} through one tunnel`,
    contenders: REVERSE,
    figures: DIRECTIONS.flatMap((direction) => [
      {
        key: direction,
        title: direction,
        unit: 'MB/s',
        better: 'more' as const,
        goal: { of: 'openssh-r', must, aim: 1.2 },
      },
      {
        key: `${direction}Cpu`,
        title: `processor ${direction}, both ends`,
        unit: 's/GB',
        better: 'less' as const,
        goal: PROCESSOR,
      },
      ...ENDS.map((end) => ({
        key: `${direction}Cpu ${end}`,
        title: `processor ${direction}, ${end} end`,
        unit: 's/GB',
        better: 'less' as const,
      })),
    ]),
    async measure(context) {
      const [warmMs, windowMs] = context.isQuick ? [20, 100] : [700, 2000]
      const measured: Record<string, number> = {}
      for (const direction of DIRECTIONS) {
        const { figures, cpuSeconds, endCpuSeconds } = await visitThrough(context, 0, ({ port }) => [
          direction,
          port,
          count,
          warmMs,
          windowMs,
          context.targetPort,
        ])
        measured[direction] = told(figures, 'bytesPerSecond') / MB
        const gigabytes = told(figures, 'bytes') / GB
        if (endCpuSeconds.length > 0) measured[`${direction}Cpu`] = cpuSeconds / gigabytes
        for (const [index, end] of ENDS.entries()) {
          const seconds = endCpuSeconds[index]
          if (seconds !== undefined) measured[`${direction}Cpu ${end}`] = seconds / gigabytes
        }
      }
      return measured
    },
  }
}

/** Goals: one stream each way at 0.7 × OpenSSH, eight together at 0.8 ×. */
export const oneStream = streams('one-stream', 1, 0.7)
export const eightStreams = streams('eight-streams', 8, 0.8)

import { expect, test } from 'vitest'
import type { Line } from './line.ts'
import { type RunOptions, runLines, type SharedContext } from './run-lines.ts'

const rate = { key: 'rate', title: 'rate', unit: 'MB/s', better: 'more' } as const
const unwanted = () => Promise.reject(new Error('not here'))
const shared: SharedContext = {
  isQuick: true,
  programs: {},
  env: {},
  targetPort: 0,
  tunnels: { open: unwanted },
  load: { startTarget: unwanted, startDelay: unwanted, visit: unwanted },
}
const options: RunOptions = {
  rounds: 3,
  isPresent: () => true,
  prepare: (_, use) => use(shared),
  onStep: () => undefined,
}
const line = (measure: Line['measure'], more: Partial<Line> = {}): Line => ({
  name: 'line',
  title: 'Line',
  contenders: ['raw', 'rport'],
  figures: [rate],
  measure,
  ...more,
})

test('contenders take turns, round by round', async () => {
  const turns: string[] = []
  await runLines(
    [
      line(async ({ contender }) => {
        turns.push(contender)
        return { rate: 1 }
      }),
    ],
    options,
  )
  expect(turns).toEqual(['raw', 'rport', 'raw', 'rport', 'raw', 'rport'])
})

test('the median of the rounds counts', async () => {
  const values = [1, 9, 5]
  const [result] = await runLines(
    [line(async () => ({ rate: values.shift() ?? 0 }), { contenders: ['rport'] })],
    options,
  )
  expect(result?.contenders[0]?.medians).toEqual({ rate: 5 })
})

test('a contender that fails is told of, and the others are measured all the same', async () => {
  const measure: Line['measure'] = async ({ contender }) => {
    if (contender === 'raw') throw new Error('no loopback')
    return { rate: 7 }
  }
  const [result] = await runLines([line(measure)], options)
  expect(result?.contenders[0]).toMatchObject({ contender: 'raw', medians: {}, failures: Array(3).fill('no loopback') })
  expect(result?.contenders[1]).toMatchObject({ contender: 'rport', medians: { rate: 7 }, failures: [] })
})

test('what a call started is ended before the next one', async () => {
  let open = 0
  await runLines(
    [
      line(async ({ scope }) => {
        expect(open).toBe(0)
        open += 1
        scope.add(() => {
          open -= 1
        })
        return { rate: 1 }
      }),
    ],
    options,
  )
  expect(open).toBe(0)
})

test('a contender that is not there and rounds beyond the line’s own are left out', async () => {
  const isPresent = (contender: string) => contender !== 'raw'
  const [result] = await runLines([line(async () => ({ rate: 1 }), { rounds: 1 })], { ...options, isPresent })
  expect(result?.contenders.map(({ contender, rounds }) => [contender, rounds.length])).toEqual([['rport', 1]])
})

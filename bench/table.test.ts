import { expect, test } from 'vitest'
import type { Line } from './line.ts'
import { digits, markdownTable, textTable } from './table.ts'

const line: Line = {
  name: 'one-stream',
  title: 'One stream',
  contenders: ['openssh-r', 'rport'],
  figures: [
    {
      key: 'up',
      title: 'up',
      unit: 'MB/s',
      better: 'more',
      goal: { of: 'openssh-r', must: 0.7, aim: 1.2 },
    },
    { key: 'cpu', title: 'processor', unit: 's/GB', better: 'less' },
  ],
  measure: async () => ({}),
}
const results = [
  {
    line,
    contenders: [
      { contender: 'openssh-r', rounds: [], medians: { up: 1000, cpu: 1.25 }, failures: [] },
      { contender: 'rport', rounds: [], medians: { up: 800 }, failures: [] },
    ],
  },
]

test('a figure stands beside its yardstick with both ratios and a verdict', () => {
  const row =
    '| one-stream: up | MB/s | 800 (0.800 ×) | 0.7 × openssh-r, aim 1.2 × | 1.14 | 0.667 | near | openssh-r 1000 |'
  expect(markdownTable(results).split('\n')).toContain(row)
})

test('a figure that we have no value for shows the others all the same', () => {
  expect(markdownTable(results).split('\n')).toContain(
    '| one-stream: processor | s/GB | – |  | – | – | shown | openssh-r 1.25 |',
  )
})

test('columns of the text stand below one another', () => {
  const [head = '', first = ''] = textTable(results).split('\n')
  expect(first.indexOf('MB/s')).toBe(head.indexOf('unit'))
})

test.each([
  [1234.5, '1235'],
  [12.34, '12.3'],
  [0.01234, '0.0123'],
  [0, '0'],
  [undefined, '–'],
  [Number.NaN, '–'],
])('%s is written as %s', (value, text) => {
  expect(digits(value)).toBe(text)
})

import { expect, test } from 'vitest'
import type { Line } from './line.ts'
import { type MeasuredLine, mergeLines, performancePage } from './page.ts'

const line = (name: string): Line => ({
  name,
  title: `Line ${name}`,
  contenders: ['openssh-r', 'rport'],
  figures: [{ key: 'up', title: 'up', unit: 'MB/s', better: 'more', goal: { of: 'openssh-r', must: 0.7, aim: 1.2 } }],
  measure: async () => ({}),
})
const measured = (name: string, up: number, failures: string[] = []): MeasuredLine => ({
  machine: {
    measuredAt: '2026-11-21T18:10:11.123Z',
    processor: 'a processor',
    cores: 2,
    memoryGiB: 8,
    system: 'Linux',
    loadBefore: 0.25,
    versions: { node: 'v26', commit: 'abc1234', openssh: 'OpenSSH_10' },
  },
  rounds: 3,
  result: {
    line: line(name),
    contenders: [
      { contender: 'openssh-r', rounds: [], medians: { up: 1000 }, failures },
      { contender: 'rport', rounds: [], medians: { up }, failures: [] },
    ],
  },
})

test('a new run replaces its own lines and keeps the others, in the order of the table', () => {
  const merged = mergeLines([line('a'), line('b'), line('c')], [measured('b', 1), measured('a', 2)], [measured('b', 3)])
  expect(merged.map(({ result }) => [result.line.name, result.contenders[1]?.medians['up']])).toEqual([
    ['a', 2],
    ['b', 3],
  ])
})

test('a line that is no longer there leaves the page', () => {
  expect(mergeLines([line('a')], [measured('gone', 1)], [])).toEqual([])
})

test('the page says machine, versions, date and load beside the figures', () => {
  const page = performancePage([measured('a', 1300)], undefined)
  expect(page).toContain('2 cores of a processor, 8 GiB')
  expect(page).toContain('| a | Line a | 2026-11-21 18:10 | abc1234 | 0.3 | 3 |')
  expect(page).toMatch(/\| a: up \| MB\/s \| 1300 \(1\.30 ×\) .* pass \| openssh-r 1000 \|/)
  expect(page).not.toContain('## Gaps')
})

test('what could not be measured is named', () => {
  expect(performancePage([measured('a', 1, ['no sshd'])], undefined)).toContain('- a, openssh-r: no sshd')
})

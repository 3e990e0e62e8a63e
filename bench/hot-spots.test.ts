import { expect, test } from 'vitest'
import { type CpuProfile, hotSpots, programOf } from './hot-spots.ts'

const node = (id: number, functionName: string, url: string) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
})
const profile: CpuProfile = {
  nodes: [
    node(1, '(idle)', ''),
    node(2, 'seal', 'file:///src/packages/transport/src/seal.ts'),
    node(3, 'writev', ''),
    node(4, '', 'file:///src/apps/agent/src/main.ts'),
    node(5, 'seal', 'file:///src/packages/transport/src/seal.ts'),
  ],
  startTime: 5_000,
  samples: [1, 2, 3, 5, 4],
  timeDeltas: [1000, 30, 50, 15, 5],
}

test('time counts where it was spent, whoever called, and idling does not count', () => {
  expect(hotSpots(profile, 2, 0)).toEqual([
    { where: 'writev', share: 0.5 },
    { where: 'seal  packages/transport/src/seal.ts:10', share: 0.45 },
  ])
})

test('what was before the measurement does not count', () => {
  expect(hotSpots(profile, 9, 6_090).map(({ where }) => where)).toEqual([
    'seal  packages/transport/src/seal.ts:10',
    '(anonymous)  apps/agent/src/main.ts:10',
  ])
})

test('the program that wrote a profile is known by its main file', () => {
  expect(programOf(profile)).toBe('rport')
  expect(programOf({ ...profile, nodes: [] })).toBe('other')
})

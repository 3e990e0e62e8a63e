import { expect, it } from 'vitest'
import { periodStart } from './audit-rotation.ts'

const at = (text: string) => Date.parse(text)

it.each([
  ['daily', '2026-11-21T00:00:00Z'],
  ['weekly', '2026-11-16T00:00:00Z'],
  ['monthly', '2026-11-01T00:00:00Z'],
  ['yearly', '2026-01-01T00:00:00Z'],
] as const)('%s periods begin where the calendar says', (rotation, start) => {
  expect(periodStart(at('2026-11-21T10:11:12Z'), rotation)).toBe(at(start))
  expect(periodStart(at(start), rotation)).toBe(at(start))
})

it('a week that began last year began there', () => {
  expect(periodStart(at('2026-01-01T10:00:00Z'), 'weekly')).toBe(at('2025-12-29T00:00:00Z'))
  expect(periodStart(at('2026-01-04T23:59:59Z'), 'weekly')).toBe(at('2025-12-29T00:00:00Z'))
})

import type { Better, Figure } from './line.ts'

/** `pass` reaches the aim, `near` what must be reached, `miss` neither; `shown` has no goal or nothing to compare with. */
export type Verdict = 'pass' | 'near' | 'miss' | 'shown'

/** How our value stands to its goal. */
export interface Judgement {
  readonly verdict: Verdict
  /** Our value in the goal's own measure: a multiple of the yardstick, or the value itself. */
  readonly reached?: number
  /** How far it is from each goal: 1 = reached exactly, above 1 = better than asked. */
  readonly ofMust?: number
  readonly ofAim?: number
}

/**
 * Judges a figure of ours.
 * @param value      our median; undefined when it was not measured
 * @param yardstick  the median of the contender that the goal names
 */
export function judge(figure: Figure, value: number | undefined, yardstick: number | undefined): Judgement {
  const { goal, better } = figure
  if (!goal || value === undefined) return { verdict: 'shown' }
  if (goal.of !== undefined && (yardstick === undefined || yardstick === 0)) return { verdict: 'shown' }
  const reached = goal.of === undefined ? value : value / (yardstick ?? Number.NaN)
  const ofMust = advantage(reached, goal.must, better)
  const ofAim = advantage(reached, goal.aim, better)
  return { verdict: ofAim >= 1 ? 'pass' : ofMust >= 1 ? 'near' : 'miss', reached, ofMust, ofAim }
}

const advantage = (reached: number, asked: number, better: Better): number =>
  better === 'more' ? reached / asked : asked / reached

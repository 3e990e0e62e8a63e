import { median, slope } from './statistics.ts'

/** What two programs held at one moment. */
export interface SoakSample {
  readonly atMinutes: number
  /** Server and agent, in this order in every sample. */
  readonly programs: readonly { readonly rssBytes: number; readonly descriptors: number }[]
}

const NAMES = ['rportd', 'rport']
/** What the second half may hold more than the first: the collector works in steps of this size. */
const STEP_BYTES = 24 * 1024 * 1024
/** Connections of the last turn that are still being closed. */
const MORE_DESCRIPTORS = 16

/**
 * Why what was held is not flat, one text for each program and kind; empty when it is.
 * Memory jumps with the collector, so halves are compared by their medians, and the slope has to say the same.
 * @param warmMinutes  samples before that do not count
 */
export function soakFaults(samples: readonly SoakSample[], warmMinutes: number): string[] {
  const warm = samples.filter(({ atMinutes }) => atMinutes >= warmMinutes)
  const half = warm.length >> 1
  return NAMES.flatMap((name, index) => {
    const grown = (what: 'rssBytes' | 'descriptors') => {
      const values = warm.map(({ atMinutes, programs }) => [atMinutes, programs[index]?.[what] ?? 0] as const)
      const [early, late] = [values.slice(0, half), values.slice(-half)].map((part) =>
        median(part.map(([, held]) => held)),
      )
      return { more: (late ?? 0) - (early ?? 0), perMinute: slope(values) }
    }
    const [memory, descriptors] = [grown('rssBytes'), grown('descriptors')]
    return [
      ...(memory.more > STEP_BYTES && memory.perMinute > 0
        ? [`${name} grew by ${(memory.more / 1e6).toFixed(0)} MB, ${(memory.perMinute / 1e6).toFixed(1)} MB a minute`]
        : []),
      ...(descriptors.more > MORE_DESCRIPTORS ? [`${name} holds ${descriptors.more} descriptors more`] : []),
    ]
  })
}

/** A node of a V8 profile; only what is read here. */
interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
}

/** A file as `--cpu-prof` writes it. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  /** Microseconds of the monotonic clock, which all processes of a machine share. */
  readonly startTime: number
  /** Node on top of the stack at each sample, and microseconds since the sample before. */
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Time spent in one function itself, without those that it called. */
export interface HotSpot {
  readonly where: string
  readonly share: number
}

/** Frames that are nobody's work. */
const IDLE = new Set(['(idle)', '(root)'])

/**
 * The functions that took the most time of their own, as shares of the time in which the program was busy.
 * @param fromUs  what was before, such as the program's start, does not count; in the profile's own clock
 */
export function hotSpots(profile: CpuProfile, count: number, fromUs: number): HotSpot[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const timeUs = new Map<string, number>()
  let busyUs = 0
  let atUs = profile.startTime
  for (const [index, id] of profile.samples.entries()) {
    const spentUs = profile.timeDeltas[index] ?? 0
    atUs += spentUs
    const node = nodes.get(id)
    if (!node || atUs < fromUs || IDLE.has(node.callFrame.functionName)) continue
    const where = nameOf(node)
    timeUs.set(where, (timeUs.get(where) ?? 0) + spentUs)
    busyUs += spentUs
  }
  return [...timeUs]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([where, spentUs]) => ({ where, share: spentUs / busyUs }))
}

/** Which of our programs wrote it: the one whose main file it ran. */
export function programOf(profile: CpuProfile): string {
  const ran = (file: string) => profile.nodes.some(({ callFrame }) => callFrame.url.endsWith(file))
  if (ran('apps/server/src/main.ts')) return 'rportd'
  return ran('apps/agent/src/main.ts') ? 'rport' : 'other'
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const file = url.replace(/^.*\/(?=(?:apps|packages|node_modules|bench)\/)/, '')
  return `${functionName || '(anonymous)'}${file === '' ? '' : `  ${file}:${lineNumber + 1}`}`
}

import manifest from '../../../package.json' with { type: 'json' }

/** `<major>.<minor>.<build>`; an even minor is a stable line. The one place is the root's package.json. */
export const version: string = manifest.version

/** Parts of a version; `undefined` when the text is none. Suffixes such as `-src` make a version older than without. */
export function parseVersion(text: string): { numbers: readonly number[]; prerelease: string } | undefined {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(text)
  if (!match || text.length > 100) return undefined
  return { numbers: [match[1], match[2], match[3]].map((part) => Number(part ?? 0)), prerelease: match[4] ?? '' }
}

/** Whether `text` is a version and at least `minimum`. */
export function isVersionAtLeast(text: string, minimum: string): boolean {
  const left = parseVersion(text)
  const right = parseVersion(minimum)
  if (!left || !right) return false
  for (const [index, number] of left.numbers.entries()) {
    const other = right.numbers[index] ?? 0
    if (number !== other) return number > other
  }
  return left.prerelease === '' || left.prerelease === right.prerelease
}

/** Which licences may be shipped with the product, and the reasons for what stands outside the list. */

/** Licences that let the product be MIT: they ask for their notice at most, or cover only their own files (MPL-2.0). */
const ALLOWED: ReadonlySet<string> = new Set(
  ['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0'].concat([
    'Unlicense',
    'CC0-1.0',
    'Zlib',
    'Python-2.0',
    'MPL-2.0',
  ]),
)

/** Packages that do not say their licence in their manifest, each with what was read and where. None so far. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {}

/** What the lock file says of one package. */
interface LockedPackage {
  readonly version?: string
  readonly license?: string
  readonly dev?: boolean
  readonly link?: boolean
}

export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

export interface ShippedPackage {
  readonly name: string
  readonly version: string
  readonly license: string
}

/** Everything that runs in production: not our own folders, and not what only development needs. */
export function shippedPackages(lockfile: Lockfile): ShippedPackage[] {
  return Object.entries(lockfile.packages).flatMap(([path, locked]) => {
    const name = path.split('node_modules/').at(-1) ?? ''
    if (!path.includes('node_modules/') || locked.link || locked.dev) return []
    return [{ name, version: locked.version ?? '', license: locked.license ?? '' }]
  })
}

/** One line for each package that may not be shipped. */
export function licenceFaults(
  packages: readonly ShippedPackage[],
  exceptions: Readonly<Record<string, string>> = EXCEPTIONS,
): string[] {
  return packages
    .filter(({ name, license }) => !isAllowed(license) && !exceptions[name])
    .map(({ name, version, license }) => `${name} ${version}: ${license === '' ? 'no licence given' : license}`)
}

/**
 * Whether an SPDX expression lets us ship: one side of OR is enough, AND needs both, WITH only ever allows more.
 * What cannot be read is not allowed.
 * @see SPDX specification, annex D
 */
export function isAllowed(expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? []
  let position = 0
  const take = (token: string): boolean => {
    if (tokens[position]?.toUpperCase() !== token) return false
    position += 1
    return true
  }
  const any = (): boolean => {
    let isFine = all()
    while (take('OR')) isFine = all() || isFine
    return isFine
  }
  const all = (): boolean => {
    let isFine = one()
    while (take('AND')) isFine = one() && isFine
    return isFine
  }
  const one = (): boolean => {
    if (take('(')) {
      const isFine = any()
      return take(')') && isFine
    }
    const licence = tokens[position] ?? ''
    position += 1
    if (take('WITH')) position += 1
    return ALLOWED.has(licence)
  }
  const isFine = any()
  return isFine && position === tokens.length
}

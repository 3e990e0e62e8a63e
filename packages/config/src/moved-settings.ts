import { lookUp, type Program } from './declaration.ts'
import { describeOrigin, type Notice } from './fault.ts'
import type { Found, Sources } from './find-value.ts'

/** How much an origin counts. */
const RANK = { default: 0, file: 1, environment: 2, flag: 3, argument: 3 } as const

/** A deprecated setting that says something takes the place of the new one, unless that has the stronger origin. */
export function moveDeprecated(
  program: Program,
  values: Map<string, unknown>,
  found: Map<string, Found>,
  notices: Notice[],
): void {
  for (const [path, entry] of [...found]) {
    const { section, key, option } = lookUp(program, path)
    const target = option?.deprecatedFor
    if (target === undefined) continue
    const { section: newSection, key: newKey } = lookUp(program, target)
    const rival = found.get(target)
    const wins = Boolean(values.get(path)) && (!rival || RANK[rival.origin.kind] <= RANK[entry.origin.kind])
    if (wins) {
      values.set(target, values.get(path))
      found.set(target, entry)
    }
    notices.push({
      level: 'info',
      message: wins ? 'a deprecated setting is used; rename it' : 'a deprecated setting has no effect; remove it',
      fields: { setting: `[${section}] ${key}`, now: `[${newSection}] ${newKey}`, where: describeOrigin(entry.origin) },
    })
  }
}

/** An older variable that the file overrules: somebody may wonder why it has no effect. */
export function reportOutvoted(
  program: Program,
  { env }: Sources,
  found: ReadonlyMap<string, Found>,
  notices: Notice[],
): void {
  for (const [path, { origin, raw }] of found) {
    for (const name of lookUp(program, path).option?.env ?? []) {
      const loser = env[name]
      if (loser === undefined || loser === '' || loser === raw) continue
      if (origin.kind === 'environment' && origin.name === name) continue
      notices.push({
        level: 'info',
        message: 'an environment variable has no effect: the setting is made elsewhere',
        fields: { variable: name, where: describeOrigin(origin) },
      })
    }
  }
}

import { envName, type Program } from './declaration.ts'
import { describeOrigin, type Fault, type Notice } from './fault.ts'
import type { FileContent } from './read-toml.ts'
import { nearest } from './suggest.ts'

/** Reports what stands in the file and is no setting: unknown keys are faults, dead ones of old files notices. */
export function checkFileKeys(
  program: Program,
  { file, sections }: FileContent,
  faults: Fault[],
  notices: Notice[],
): void {
  for (const [name, { line: sectionLine, values }] of sections) {
    const section = program.sections[name]
    if (!section) {
      const suggestion = nearest(name, Object.keys(program.sections))
      faults.push({
        kind: 'setting',
        message: `unknown section [${name}]`,
        where: describeOrigin({ kind: 'file', file, line: sectionLine }),
        fix: suggestion ? `did you mean [${suggestion}]?` : `use one of ${list(Object.keys(program.sections))}`,
      })
      continue
    }
    if (section.freeKeys) continue
    for (const [key, { line }] of values) {
      if (section.options[key]) continue
      const where = describeOrigin({ kind: 'file', file, line })
      const dead = program.deadKeys.find((candidate) => candidate.section === name && candidate.key === key)
      if (dead) {
        const fields = { setting: `[${name}] ${key}`, where, reason: dead.reason }
        notices.push({ level: 'warn', message: 'a setting is ignored', fields })
      } else {
        const message = `unknown key ${key} in section [${name}]`
        faults.push({ kind: 'setting', message, where, fix: suggestKey(program, name, key) })
      }
    }
  }
}

/**
 * Warns of variables that look like a misspelt setting, and of those for keys that users invent: a variable cannot say how such
 * a key is written. Others may belong to other programs: they are left alone.
 */
export function checkEnvironment(
  program: Program,
  env: Readonly<Record<string, string | undefined>>,
  notices: Notice[],
): void {
  const known = Object.entries(program.sections).flatMap(([section, { options }]) =>
    Object.entries(options).flatMap(([key, { env: older = [] }]) => [envName(section, key), ...older]),
  )
  const freeSections = Object.entries(program.sections).filter(([, { freeKeys }]) => freeKeys)
  for (const name of Object.keys(env)) {
    if (!name.startsWith('RPORT_') || known.includes(name)) continue
    const [section] = freeSections.find(([candidate]) => `${name}_`.startsWith(envName(candidate, ''))) ?? []
    if (section !== undefined && env[name] !== '') {
      const fields = { variable: name, fix: `write name = value below [${section}] in the configuration file` }
      notices.push({ level: 'warn', message: 'an environment variable is ignored', fields })
      continue
    }
    const suggestion = nearest(name, known)
    if (suggestion === undefined) continue
    const fields = { variable: name, suggestion }
    notices.push({ level: 'warn', message: 'an environment variable is no setting; was another one meant?', fields })
  }
}

function suggestKey(program: Program, section: string, key: string): string {
  const near = nearest(key, Object.keys(program.sections[section]?.options ?? {}))
  if (near !== undefined) return `did you mean ${near}?`
  for (const [other, { options }] of Object.entries(program.sections)) {
    if (options[key]) return `move it: ${key} belongs into section [${other}]`
  }
  return 'remove it, or correct its name; the manual lists all keys'
}

const list = (names: readonly string[]): string => names.map((name) => `[${name}]`).join(', ')

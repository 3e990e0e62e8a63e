import { expect, test } from 'vitest'
import { envName, type Option, type Program, type SectionTable } from '../declaration.ts'
import { loadTexts } from './load-texts.ts'
import { settingCases } from './setting-cases.ts'

/** Tests every setting of a program: its default, each of its sources, and a value of the wrong kind. */
export function testSettings<S extends SectionTable>(program: Program<S>): void {
  const cases = settingCases(program)
  const fileOf = (section: string, key: string, value: string) => `# settings\n[${section}]\n\n${key} = ${value}\n`

  test.each(cases)('$path has its default when nobody sets it', ({ path, option }) => {
    expect(look(program, path, {})).toMatchObject({ value: option.default, faults: [], origin: { kind: 'default' } })
  })

  test.each(cases)(
    '$path is read from the file in any case of letters',
    ({ path, section, key, option, toml, written }) => {
      const file = fileOf(section.toUpperCase(), key.toUpperCase(), toml)
      const { value, faults, origin } = look(program, path, { file })
      expect(faults).toEqual([])
      expect(option.type.write(value)).toBe(written)
      expect(origin).toMatchObject({ kind: 'file', line: 4 })
    },
  )

  const textual = cases.filter(({ text }) => text !== undefined)
  test.each(textual)('$path in the environment counts more than the file', (setting) => {
    const { path, section, key, option, text = '', written, wrong } = setting
    const env = { [envName(section, key)]: text }
    const { value, faults, origin } = look(program, path, { env, file: fileOf(section, key, wrong) })
    expect(faults).toEqual([])
    expect(option.type.write(value)).toBe(written)
    expect(origin).toMatchObject({ kind: 'environment', name: envName(section, key) })
  })

  const flagged = cases.filter(({ option }) => option.flag !== undefined)
  test.each(flagged)('$path as a flag counts more than environment and file', (setting) => {
    const { path, section, key, option, toml, text = '', written, wrong } = setting
    const env = { [envName(section, key)]: 'another value' }
    const argv = flagsFor(option, toml, text)
    const { value, faults, origin } = look(program, path, { argv, env, file: fileOf(section, key, wrong) })
    expect(faults).toEqual([])
    expect(option.type.write(value)).toBe(written)
    expect(origin).toMatchObject({ kind: 'flag', name: option.flag })
  })

  test.each(cases)('$path of the wrong kind is refused with its line', ({ path, section, key, wrong }) => {
    const { faults } = look(program, path, { file: fileOf(section, key, wrong) })
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatchObject({
      where: expect.stringContaining(`${program.implicitFile}:4: [${section}] ${key} = `),
      message: expect.stringContaining(key),
      fix: expect.stringMatching(/\w/),
    })
  })

  test('no two settings share an environment variable or a flag', () => {
    const variables = cases.flatMap(({ section, key, option }) => [envName(section, key), ...(option.env ?? [])])
    const flags = [...cases.map(({ option }) => option), ...program.flags].flatMap(({ flag, short }) =>
      [flag, short].filter((name) => name !== undefined),
    )
    expect(new Set(variables).size).toBe(variables.length)
    expect(new Set(flags).size).toBe(flags.length)
  })

  test('deprecated settings name one that exists', () => {
    const paths = cases.map(({ path }) => path)
    const targets = cases.flatMap(({ option }) => option.deprecatedFor ?? [])
    expect(targets.filter((target) => !paths.includes(target))).toEqual([])
  })
}

/** The value of a setting, where it came from, and what is said against it. */
function look<S extends SectionTable>(program: Program<S>, path: string, texts: Parameters<typeof loadTexts>[1]) {
  const loaded = loadTexts(program, texts)
  if (loaded.kind !== 'resolved') throw new Error(`not resolved: ${JSON.stringify(loaded)}`)
  const { settings, faults, origin } = loaded.resolution
  const [section = '', key = ''] = path.split('.')
  const table = new Map<string, object>(Object.entries(settings)).get(section) ?? {}
  return { value: new Map<string, unknown>(Object.entries(table)).get(key), faults, origin: origin(path) }
}

/** Flags that take each text whole are given once for each entry. */
function flagsFor({ flag, wholeFlag }: Option<unknown>, toml: string, text: string): string[] {
  if (!wholeFlag) return [`--${flag}=${text}`]
  return [...toml.matchAll(/"([^"]*)"/g)].flatMap(([, entry = '']) => [`--${flag}`, entry])
}

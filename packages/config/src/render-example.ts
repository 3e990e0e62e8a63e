import { envName, type Option, type Program } from './declaration.ts'
import { defaultText, wrap } from './describe-option.ts'

/** Width of the comments. */
const WIDTH = 110

/**
 * The commented example file: every setting that is not deprecated with its default, commented out unless it must be
 * set. A value stands on one line `key = value` or `#key = value`, so that `sed` can change it.
 */
export function renderExample(program: Program): string {
  const [section, key] = firstSetting(program)
  const lines = [
    `## Settings of ${program.name}. Lines with one # are settings with their defaults: remove the # to change them.`,
    `## An environment variable overrides a setting: ${envName(section, key)} is [${section}] ${key}.`,
  ]
  for (const [name, { title, description, options, freeKeys }] of Object.entries(program.sections)) {
    if (Object.keys(options).length === 0 && !freeKeys) continue
    lines.push('', '', `## ${title}`, ...comment(description), `[${name}]`)
    if (freeKeys)
      lines.push('', ...planned(freeKeys.feature), ...freeKeys.example.split('\n').map((line) => `#${line}`))
    for (const [key, option] of Object.entries(options)) {
      if (option.deprecatedFor === undefined) lines.push('', ...describe(option), line(key, option))
    }
  }
  return `${lines.join('\n')}\n`
}

function firstSetting(program: Program): [string, string] {
  const [section = '', { options } = { options: {} }] = Object.entries(program.sections)[0] ?? []
  return [section, Object.keys(options)[0] ?? '']
}

function describe(option: Option<unknown>): string[] {
  const isList = option.type.flagStyle === 'list'
  const unit = option.unit === undefined ? '' : ` In ${option.unit}.`
  const fallback = option.defaultText === undefined ? '' : ` Default: ${option.defaultText}.`
  const kind = isList ? '' : kindText(option)
  return [...comment(`${option.description}${unit}${kind}${fallback}`), ...planned(option.feature)]
}

/** Only where the value below does not show it. */
const kindText = (option: Option<unknown>): string =>
  option.type.name.includes('`') ? ` One of ${option.type.name.replaceAll('`', '"')}.` : ''

const planned = (feature: Option<unknown>['feature']): string[] =>
  feature === 'planned' ? ['## Not available yet: the setting is checked, but has no effect.'] : []

function line(key: string, option: Option<unknown>): string {
  const value = option.example ?? defaultText(option) ?? '""'
  return `${option.set ? '' : '#'}${key} = ${value}`
}

const comment = (text: string): string[] => wrap(text, WIDTH - 3).map((words) => `## ${words}`)

import { envName, type Option, type Program } from './declaration.ts'
import { defaultText } from './describe-option.ts'

/** The manual page of all settings, in Markdown: a table for each section. */
export function renderManual(program: Program): string {
  const parts = [
    `# Settings of ${program.name}`,
    '<!-- Made by `npm run gen` from the declaration of the settings; do not edit. -->',
    [
      `\`${program.name}\` reads TOML from the file after \`-c\`, else from \`${program.implicitFile}\` in the current folder.`,
      'Flags count more than environment variables, these more than the file, and the file more than the default.',
      'Names of sections and keys may be written in upper or lower case.',
    ].join('\n'),
    [
      'Unknown keys and bad values stop the start. All of them are shown at once, each with its line and what to do.',
      'An environment variable that is empty counts as not set.',
    ].join('\n'),
    [
      '| kind | how it is written |',
      '|---|---|',
      "| text | in quotes; single quotes keep backslashes: `'C:\\data'` |",
      '| true or false | without quotes; `1` and `0` count, too |',
      '| duration | `"1h30m"`, `"90s"`, `"500ms"`; a number without quotes counts **nanoseconds** |',
      '| list of texts | `["one", "two"]`, or one text with commas: `"one,two"` |',
    ].join('\n'),
    ...Object.entries(program.sections)
      .filter(([, { options, freeKeys }]) => Object.keys(options).length > 0 || freeKeys)
      .map(([name, section]) => renderSection(name, section, program)),
    renderFlags(program),
    renderDeadKeys(program),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function renderSection(name: string, section: Program['sections'][string], program: Program): string {
  const parts = [`## \`[${name}]\` ${section.title}`, section.description]
  if (section.freeKeys) {
    parts.push(['```toml', section.freeKeys.example, '```'].join('\n'))
    parts.push('These are read from the file alone, not from environment variables.')
    if (section.freeKeys.feature === 'planned') parts.push('Not available yet: checked, but without effect.')
  }
  const options = Object.entries(section.options)
  const current = options.filter(([, { deprecatedFor }]) => deprecatedFor === undefined)
  const deprecated = options.filter(([, { deprecatedFor }]) => deprecatedFor !== undefined)
  if (current.length > 0) parts.push(optionTable(name, current))
  if (deprecated.length > 0) parts.push(deprecatedTable(deprecated, program.name))
  return parts.join('\n\n')
}

function optionTable(section: string, options: readonly [string, Option<unknown>][]): string {
  const rows = options.map(([key, option]) => {
    const kind = [option.type.name, option.unit && `in ${option.unit}`].filter(Boolean).join(', ')
    const value = option.defaultText ?? codeOrNothing(defaultText(option))
    const others = [option.flag && `\`--${option.flag}\``, option.short && `\`-${option.short}\``]
    const variables = [envName(section, key), ...(option.env ?? [])].map((name) => `\`${name}\``)
    const meaning = [
      option.description,
      option.feature === 'planned' ? '**Not available yet.**' : '',
      option.since === undefined ? '' : `Since ${option.since}.`,
    ]
    const cells = [
      `\`${key}\``,
      kind,
      value,
      [...others, ...variables].filter(Boolean).join(' '),
      meaning.filter(Boolean).join(' '),
    ]
    return `| ${cells.map(escapeCell).join(' | ')} |`
  })
  return ['| key | kind | default | also | meaning |', '|---|---|---|---|---|', ...rows].join('\n')
}

function deprecatedTable(options: readonly [string, Option<unknown>][], name: string): string {
  const rows = options.map(([key, { deprecatedFor, flag }]) => {
    const written = flag === undefined ? `\`${key}\`` : `\`${key}\` \`--${flag}\``
    return `| ${written} | \`${deprecatedFor}\` |`
  })
  return [`Older names that ${name} still understands:`, '', '| old | now |', '|---|---|', ...rows].join('\n')
}

function renderFlags(program: Program): string {
  const shown = program.flags.filter(({ dead }) => dead === undefined)
  const rows = shown.map(({ flag, short, placeholder, description }) => {
    const value = placeholder === '' ? '' : ` ${placeholder}`
    return `| \`--${flag}${value}\`${short === undefined ? '' : ` \`-${short}\``} | ${escapeCell(description)} |`
  })
  return ['## Flags that are no settings', '', '| flag | meaning |', '|---|---|', ...rows].join('\n')
}

function renderDeadKeys({ deadKeys }: Program): string {
  if (deadKeys.length === 0) return ''
  const rows = deadKeys.map(({ section, key, reason }) => `| \`[${section}] ${key}\` | ${escapeCell(reason)} |`)
  return ['## Keys of older files that are ignored', '', '| key | instead |', '|---|---|', ...rows].join('\n')
}

const codeOrNothing = (text: string | undefined): string => (text === undefined || text === '""' ? '' : `\`${text}\``)

const escapeCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

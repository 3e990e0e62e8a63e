import { version } from '@rport/kit'
import type { Option, Program } from './declaration.ts'
import { defaultText, firstSentence } from './describe-option.ts'

/** Where the explanation of a flag starts; longer flags push it to the right. */
const DESCRIPTION_COLUMN = 40

/** The text of `--help`: usage, examples, commands, and each flag on one line. */
export function renderHelp(program: Program): string {
  const lines = [`${program.name} ${version}: ${program.summary}`, '', `Usage: ${program.usage}`, '', 'Examples:']
  lines.push(...program.examples.map((example) => `  ${example}`))
  if (program.commands) {
    lines.push('', 'Commands, each with a --help of its own:')
    lines.push(...program.commands.map(({ name, summary }) => `  ${program.name} ${name.padEnd(10)} ${summary}`))
  }
  lines.push('', 'General')
  for (const { flag, short, placeholder, description, dead } of program.flags) {
    if (dead === undefined) lines.push(flagLine(flag, short, placeholder, description))
  }
  for (const { title, options } of Object.values(program.sections)) {
    const shown = Object.values(options).filter(
      ({ flag, deprecatedFor }) => flag !== undefined && deprecatedFor === undefined,
    )
    if (shown.length > 0) lines.push('', title, ...shown.map(optionLine))
  }
  lines.push(
    '',
    `Settings come from flags, then from environment variables (RPORT_<SECTION>_<KEY>), then from the configuration`,
    `file. The file has more settings than there are flags; ${program.name === 'rport' ? 'rport' : 'rportd'}.example.conf explains them all.`,
  )
  return `${lines.join('\n')}\n`
}

function optionLine(option: Option<unknown>): string {
  const text = defaultText(option)
  // Defaults that say "nothing" or "off" say nothing here.
  const isTelling = text !== undefined && !['', '""', '[]', '{}', 'false'].includes(text)
  const suffix = [
    isTelling ? `(default ${text})` : '',
    option.feature === 'planned' ? '(not available yet)' : '',
  ].filter(Boolean)
  const description = [firstSentence(option.description), ...suffix].join(' ')
  return flagLine(option.flag ?? '', option.short, option.type.placeholder, description)
}

function flagLine(flag: string, short: string | undefined, placeholder: string, description: string): string {
  const left = `  ${short === undefined ? '    ' : `-${short}, `}--${flag}${placeholder === '' ? '' : ` ${placeholder}`}`
  return `${left.padEnd(DESCRIPTION_COLUMN - 2)}  ${description}`
}

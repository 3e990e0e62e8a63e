/**
 * Documents in step with the repository: links that lead somewhere, decisions with all their parts, a changelog with its
 * open end, and folders that say in three lines what they are for.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { headingNames, localLinks } from './lib/markdown.ts'

const root = join(import.meta.dirname, '..')
const DECISION_PARTS = ['State', 'What', 'Why', 'Decided', 'Rejected', 'Consequences']

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const files = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, exclude: (path) => path.includes('node_modules') || path.startsWith('data') }).sort()

function linkFaults(path: string): string[] {
  return localLinks(read(path)).flatMap((link) => {
    const [file = '', heading] = decodeURI(link).split('#')
    const target = file === '' ? path : relative(root, join(root, file.startsWith('/') ? '' : dirname(path), file))
    if (!existsSync(join(root, target))) return [`${path}: ${link} leads nowhere`]
    if (!heading || !target.endsWith('.md') || headingNames(read(target)).has(heading)) return []
    return [`${path}: ${target} has no heading #${heading}`]
  })
}

function decisionFaults(path: string): string[] {
  const names = headingNames(read(path))
  return DECISION_PARTS.filter((part) => !names.has(part.toLowerCase())).map((part) => `${path}: no part "${part}"`)
}

/** Two changes that are made side by side take the same free number; the later one takes the next. */
function numberFaults(paths: readonly string[]): string[] {
  const numberOf = (path: string): string => /\d+/.exec(path)?.[0] ?? ''
  return paths.flatMap((path, index) => {
    const before = paths[index - 1]
    if (!read(path).startsWith(`# ${Number(numberOf(path))}. `)) return [`${path}: its title has another number`]
    return before && numberOf(before) === numberOf(path) ? [`${path}: ${before} has the same number`] : []
  })
}

function openingFaults(path: string): string[] {
  const opening = /^\/\*\*\n((?: \* .*\n)+) \*\/\n/.exec(read(path))
  const lines = opening?.[1]?.trimEnd().split('\n').length ?? 0
  return lines >= 3 ? [] : [`${path}: open with three lines: what it is for, what it is not for, where to start`]
}

const faults = [
  ...files('**/*.md').flatMap(linkFaults),
  ...files('docs/adr/[0-9]*.md').flatMap(decisionFaults),
  ...numberFaults(files('docs/adr/[0-9]*.md')),
  ...(headingNames(read('CHANGELOG.md')).has('unreleased') ? [] : ['CHANGELOG.md: no part "Unreleased"']),
  ...files('packages/*/src/index.ts').flatMap(openingFaults),
  ...files('apps/*/src/features/*/index.ts').flatMap(openingFaults),
]
for (const fault of faults) console.log(fault)
process.exitCode = faults.length > 0 ? 1 : 0

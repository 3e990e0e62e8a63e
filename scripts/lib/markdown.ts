/** The little that the checks must know of Markdown. */

/** Targets of links and images that lead into the repository: `file`, `file#heading`, `#heading`. Code is left out. */
export function localLinks(markdown: string): string[] {
  const prose = withoutCode(markdown)
  const targets = [...prose.matchAll(/\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)?)(?:\s+"[^"]*")?\)/g)].map(
    (match) => match[1] ?? '',
  )
  return targets.filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target))
}

/** Names that headings can be linked by, as code hosts make them: lower case, dashes, no punctuation, numbered when doubled. */
export function headingNames(markdown: string): Set<string> {
  const names = new Set<string>()
  for (const [, text] of withoutFences(markdown).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const plain = (text ?? '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const name = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
    let unique = name
    for (let copy = 1; names.has(unique); copy += 1) unique = `${name}-${copy}`
    names.add(unique)
  }
  return names
}

const withoutFences = (markdown: string): string => markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
const withoutCode = (markdown: string): string => withoutFences(markdown).replace(/`[^`\n]*`/g, '')

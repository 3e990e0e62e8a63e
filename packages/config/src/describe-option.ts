import type { Option } from './declaration.ts'

/** The default in TOML's notation; undefined when there is none. */
export const defaultText = (option: Option<unknown>): string | undefined =>
  option.default === undefined ? undefined : option.type.write(option.default)

/** The first sentence of a description, for places that have one line. */
export const firstSentence = (description: string): string => /^.*?\.(?=\s|$)/s.exec(description)?.[0] ?? description

/** Breaks a text into lines of at most `width` characters; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

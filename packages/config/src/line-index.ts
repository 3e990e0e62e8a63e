/** Where sections and keys of a TOML text stand; the parser itself does not tell. */
export interface LineIndex {
  /**
   * Line, from 1, of the section or key with this path, in any case of letters. What stands inside of an inline table
   * is at the line of the key that holds the table.
   */
  lineOf(path: readonly string[]): number | undefined
  /** Path of the section or key whose statement begins on this line; undefined on lines that begin none. */
  pathAt(line: number): readonly string[] | undefined
}

/** Reads only as much of the grammar as is needed to find keys. The text must be valid TOML up to the line
 * that is asked for; nothing is thrown. */
export function indexLines(text: string): LineIndex {
  const lines = new Map<string, number>()
  const paths = new Map<number, readonly string[]>()
  const scanner = new Scanner(text)
  let prefix: readonly string[] = []
  while (scanner.toNextStatement()) {
    const line = scanner.line
    const isHeader = scanner.take('[')
    if (isHeader) scanner.take('[')
    const key = scanner.readKey()
    const path = isHeader ? key : [...prefix, ...key]
    if (isHeader) prefix = key
    paths.set(line, path)
    for (let length = 1; length <= path.length; length += 1) {
      const name = nameOf(path.slice(0, length))
      if (!lines.has(name)) lines.set(name, line)
    }
    scanner.skipStatement()
  }
  return {
    lineOf(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const line = lines.get(nameOf(path.slice(0, length)))
        if (line !== undefined) return line
      }
      return undefined
    },
    pathAt: (line) => paths.get(line),
  }
}

/** Unlike a dot, NUL can stand in no key. */
const nameOf = (path: readonly string[]): string => path.join('\0').toLowerCase()

/** Up to two quotes may stand directly before the three that end the string. */
const LONG_BASIC_STRING = /"""(?:\\[\s\S]|[^\\])*?(?:"{3,5}|$)/y
const LONG_LITERAL_STRING = /'''[\s\S]*?(?:'{3,5}|$)/y

class Scanner {
  line = 1
  readonly #text: string
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Moves to the first character of the next statement; false at the end of the text. */
  toNextStatement(): boolean {
    for (;;) {
      this.#skip(/[\s\uFEFF]+/y)
      if (this.#peek() !== '#') return this.#position < this.#text.length
      this.#skip(/[^\n]*/y)
    }
  }

  take(char: string): boolean {
    if (this.#peek() !== char) return false
    this.#position += 1
    return true
  }

  /** A bare, quoted or dotted key. */
  readKey(): string[] {
    const parts: string[] = []
    do {
      this.#skip(/[ \t]+/y)
      const start = this.#position
      if (this.#skipString()) parts.push(unquote(this.#text.slice(start, this.#position)))
      else parts.push(this.#skip(/[A-Za-z0-9_-]*/y))
      this.#skip(/[ \t]+/y)
    } while (this.take('.'))
    return parts
  }

  /** Moves behind the line end that ends the statement; those inside of strings, lists and tables do not. */
  skipStatement(): void {
    let depth = 0
    while (this.#position < this.#text.length) {
      if (this.#skipString()) continue
      const char = this.#peek()
      if (char === '#') {
        this.#skip(/[^\n]*/y)
        continue
      }
      if (char === '[' || char === '{') depth += 1
      if (char === ']' || char === '}') depth -= 1
      this.#skip(/[\s\S]/y)
      if (char === '\n' && depth <= 0) return
    }
  }

  #peek(): string | undefined {
    return this.#text[this.#position]
  }

  #skipString(): boolean {
    const char = this.#peek()
    if (char !== '"' && char !== "'") return false
    if (this.#text.startsWith(char.repeat(3), this.#position)) {
      this.#skip(char === '"' ? LONG_BASIC_STRING : LONG_LITERAL_STRING)
    } else {
      this.#skip(char === '"' ? /"(?:\\.|[^"\\\n])*"?/y : /'[^'\n]*'?/y)
    }
    return true
  }

  /** Skips what the sticky expression matches and counts the lines in it. */
  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#position
    const skipped = pattern.exec(this.#text)?.[0] ?? ''
    this.#position += skipped.length
    for (const char of skipped) if (char === '\n') this.line += 1
    return skipped
  }
}

function unquote(quoted: string): string {
  if (quoted.startsWith("'")) return quoted.slice(1, -1)
  try {
    // TOML's \UXXXXXXXX and \e are not in JSON; keys with them are found by their section only.
    return JSON.parse(quoted)
  } catch {
    return quoted.slice(1, -1)
  }
}

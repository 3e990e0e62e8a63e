import { errorMessage } from '@rport/kit'
import { parse, TomlError } from 'smol-toml'
import type { Fault } from './fault.ts'
import { indexLines, type LineIndex } from './line-index.ts'
import { kindOf, type RawValue } from './raw-value.ts'

/** A configuration file is a few pages; what is larger is another file. */
const MAX_FILE_CHARS = 1024 * 1024
/** Deepest nesting that a setting may have; lists in tables in sections need four. */
const MAX_DEPTH = 16

/** A value and the line on which its key stands. */
export interface FileValue {
  readonly raw: RawValue
  readonly line: number | undefined
}

/** What a configuration file says. Names of sections and keys are in lower case. */
export interface FileContent {
  readonly file: string
  readonly sections: ReadonlyMap<
    string,
    { readonly line: number | undefined; readonly values: ReadonlyMap<string, FileValue> }
  >
}

/**
 * Reads the text of a configuration file.
 * @param file  how the file is called in faults
 */
export function readToml(file: string, text: string): { content: FileContent; faults: Fault[] } {
  const empty = { file, sections: new Map() }
  if (text.length > MAX_FILE_CHARS) {
    const message = `${file} is larger than a configuration file can be (${MAX_FILE_CHARS} characters)`
    return { content: empty, faults: [{ kind: 'setting', message, fix: 'name the right file' }] }
  }
  try {
    // A byte order mark, as Windows editors write it, is no part of the text.
    const root = parse(text.replace(/^\uFEFF/, ''), {
      integersAsBigInt: 'asNeeded',
      maxDepth: MAX_DEPTH,
      unsafeKeyBehaviour: 'throw',
    }) as Record<string, RawValue>
    return collect(file, root, indexLines(text))
  } catch (error) {
    return { content: empty, faults: [syntaxFault(file, text, error)] }
  }
}

function collect(file: string, root: Record<string, RawValue>, lines: LineIndex) {
  const sections = new Map<string, { line: number | undefined; values: Map<string, FileValue> }>()
  const faults: Fault[] = []
  for (const [writtenName, table] of Object.entries(root)) {
    const line = lines.lineOf([writtenName])
    if (typeof table !== 'object' || Array.isArray(table) || table instanceof Date) {
      faults.push({
        kind: 'setting',
        message: `"${writtenName}" is ${kindOf(table)} outside of any section`,
        where: place(file, line),
        fix: 'move the line below the [section] that it belongs to',
      })
      continue
    }
    const name = writtenName.toLowerCase()
    const section = sections.get(name) ?? { line, values: new Map<string, FileValue>() }
    sections.set(name, section)
    for (const [writtenKey, raw] of Object.entries(table)) {
      const key = writtenKey.toLowerCase()
      if (section.values.has(key)) {
        faults.push({
          kind: 'setting',
          message: `[${name}] ${key} is set twice, in different cases of letters`,
          where: place(file, section.values.get(key)?.line),
          fix: 'remove one of them',
        })
        continue
      }
      section.values.set(key, { raw: raw as RawValue, line: lines.lineOf([writtenName, writtenKey]) })
    }
  }
  return { content: { file, sections }, faults }
}

const place = (file: string, line: number | undefined): string => (line === undefined ? file : `${file}:${line}`)

/** The parser's text shows the line, and with it perhaps a password: only its first sentence is taken. */
function syntaxFault(file: string, text: string, error: unknown): Fault {
  const sentence = (errorMessage(error).split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '')
  const line = error instanceof TomlError ? error.line : undefined
  const source = line === undefined ? '' : (text.split('\n')[line - 1] ?? '')
  // The parser has no codes for its errors. Should it change its words, its own sentence is shown, as for other mistakes.
  if (line !== undefined && sentence.startsWith('trying to redefine')) return repeatedFault(file, text, line)
  return {
    kind: 'setting',
    message: `error parsing config file: ${sentence}`,
    where: place(file, line),
    fix: syntaxFix(source),
  }
}

function repeatedFault(file: string, text: string, line: number): Fault {
  const lines = indexLines(text)
  const path = lines.pathAt(line) ?? []
  const firstLine = lines.lineOf(path)
  const isHeader = /^\s*\[/.test(text.split('\n')[line - 1] ?? '')
  const name = isHeader ? `the section [${path.join('.')}]` : `[${path.slice(0, -1).join('.')}] ${path.at(-1) ?? ''}`
  return {
    kind: 'setting',
    message: `error parsing config file: ${name} is there twice`,
    where: place(file, line),
    fix: `remove one of the two${firstLine === undefined || firstLine >= line ? '' : `: the first is on line ${firstLine}`}`,
  }
}

/** The mistakes that are made again and again. */
function syntaxFix(source: string): string {
  const value = source.slice(source.indexOf('=') + 1).trim()
  if (/^\d+(\.\d+)?\s?(ns|us|µs|ms|s|m|h|d)\b/.test(value)) return 'put durations in quotes: "30s"'
  if (/^"[^"]*\\/.test(value)) return "put texts with backslashes in single quotes: 'C:\\Program Files\\rport'"
  if (/^[A-Za-z/<[*.:]/.test(value) && !value.startsWith('[')) return 'put texts in quotes: key = "text"'
  if (/^(['"]).*\1\s*[^\s#]/.test(value)) return 'nothing but a comment (#) may follow the value'
  return 'write key = "text", key = 5, key = true or key = ["one", "two"], each on a line of its own'
}

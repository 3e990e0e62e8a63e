import { toError } from '@rport/kit'
import { excerpt } from './host-text.ts'
import { MAX_DEPTH, MAX_NODES, MAX_PAYLOAD_BYTES } from './limits.ts'

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

/** Something in a document is not what it has to be; the message names the place, what was found and what was expected. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  /** Place in the document, such as `Remotes[0].lport`; empty for the document itself. */
  readonly path: string
  readonly found: string
  readonly expected: string

  constructor(path: string, found: string, expected: string) {
    super(`${path === '' ? '' : `${path}: `}found ${found}, expected ${expected}`)
    this.path = path
    this.found = found
    this.expected = expected
  }
}

export interface JsonLimits {
  /** UTF-8 bytes of the text. */
  readonly maxBytes: number
  /** Lists and objects inside each other. */
  readonly maxDepth: number
  /** Values, keys and items together. */
  readonly maxNodes: number
}

const PAYLOAD_LIMITS: JsonLimits = { maxBytes: MAX_PAYLOAD_BYTES, maxDepth: MAX_DEPTH, maxNodes: MAX_NODES }

/**
 * Reads JSON from someone who may be hostile: size, depth and count are checked before anything is built.
 * Of a repeated key the last one counts; `__proto__` is dropped, whatever its spelling.
 * @throws DecodeError
 */
export function parseBounded(text: string, limits: JsonLimits = PAYLOAD_LIMITS): Json {
  // No unit takes more than three bytes: a short text is not counted.
  const byteCount = text.length * 3 > limits.maxBytes ? utf8Length(text) : 0
  if (byteCount > limits.maxBytes) throw new DecodeError('', `${byteCount} bytes`, `at most ${limits.maxBytes} bytes`)
  checkShape(text, limits)
  try {
    const mayPollute = text.includes('__proto__') || /\\u005f/i.test(text)
    return mayPollute ? JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value)) : JSON.parse(text)
  } catch (error) {
    throw new DecodeError('', `text that is no JSON (${excerpt(toError(error).message, 120)})`, 'a JSON document')
  }
}

/** Counts brackets and commas outside of texts, so that a small payload cannot become a deep or vast structure. */
function checkShape(text: string, { maxDepth, maxNodes }: JsonLimits): void {
  let depth = 0
  let nodes = 1
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case 0x22: // "
        index = endOfText(text, index + 1)
        break
      case 0x5b: // [
      case 0x7b: // {
        nodes += 1
        depth += 1
        if (depth > maxDepth) throw new DecodeError('', `more than ${maxDepth} levels`, `at most ${maxDepth} levels`)
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1
        break
      case 0x2c: // ,
      case 0x3a: // :
        nodes += 1
        break
    }
    if (nodes > maxNodes) throw new DecodeError('', `more than ${maxNodes} values`, `at most ${maxNodes} values`)
  }
}

function endOfText(text: string, start: number): number {
  let index = start
  while (index < text.length && text.charCodeAt(index) !== 0x22) index += text.charCodeAt(index) === 0x5c ? 2 : 1
  return index
}

function utf8Length(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    // A pair of surrogates is two units and four bytes.
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) bytes += 2
    else if (unit >= 0x80) bytes += 1
  }
  return bytes
}

/** What a value is, for an error message. Values themselves are shown only where they are short and no text. */
export function describeJson(value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'string' ? 'a text' : `the ${typeof value} ${value}`
}

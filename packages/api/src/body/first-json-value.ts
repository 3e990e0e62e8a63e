/**
 * Cuts a text after its first JSON value, as Go's json.Decoder reads it: what follows is ignored.
 * Only brackets and quotes are looked at; whether the value is right is for the parser to say.
 * @returns the value's text; the empty text when there is nothing but blanks
 */
export function firstJsonValue(text: string): string {
  const start = text.search(/[^ \t\r\n]/)
  if (start < 0) return ''
  return text.slice(start, endOfValue(text, start))
}

function endOfValue(text: string, start: number): number {
  const first = text[start]
  if (first === '"') return endOfString(text, start)
  if (first !== '{' && first !== '[') return endOfScalar(text, start)
  let depth = 0
  let index = start
  while (index < text.length) {
    const character = text[index]
    if (character === '"') {
      index = endOfString(text, index)
      continue
    }
    index += 1
    if (character === '{' || character === '[') depth += 1
    if (character === '}' || character === ']') depth -= 1
    if (depth === 0) break
  }
  return index
}

/** @param quote  index of the opening quote; @returns the index after the closing one, or the end of the text */
function endOfString(text: string, quote: number): number {
  let index = quote + 1
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1
  return Math.min(index + 1, text.length)
}

function endOfScalar(text: string, start: number): number {
  const length = text.slice(start).search(/[ \t\r\n,\]}]/)
  return length < 0 ? text.length : start + Math.max(length, 1)
}

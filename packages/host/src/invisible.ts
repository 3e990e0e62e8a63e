// Control characters, format characters (directions, zero widths), lone surrogates, line and paragraph separators:
// whatever could end a line, move a cursor or make a text look like another one.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Writes every invisible character as `\n`, `\r`, `\t` or `\uXXXX`. Inside JSON text the result is still the same JSON. */
export const escapeInvisible = (text: string): string =>
  text.replace(INVISIBLE, (character) => SHORT[character] ?? toUnicodeEscapes(character))

function toUnicodeEscapes(character: string): string {
  let escaped = ''
  for (let index = 0; index < character.length; index += 1) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
  }
  return escaped
}

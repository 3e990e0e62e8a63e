import { Secret } from '@rport/kit'
import { type OptionType, optionType, ValueError } from '../option-type.ts'
import { kindOf, quote, type RawValue } from '../raw-value.ts'

/** Longest text that any single setting may have. */
const MAX_TEXT_CHARS = 16_384

/** The text of a single value. Numbers count as text, as the original took them (`tls_min = 1.3`). */
export function readText(raw: RawValue): string {
  if (typeof raw === 'number' || typeof raw === 'bigint') return String(raw)
  if (typeof raw !== 'string') throw new ValueError(`is ${kindOf(raw)}, not a text`, 'put the text in quotes')
  if (raw.length > MAX_TEXT_CHARS) throw new ValueError(`is longer than ${MAX_TEXT_CHARS} characters`, 'shorten it')
  if (raw.includes('\0')) throw new ValueError('contains a NUL character', 'remove it')
  return raw
}

/** Any text. */
export const text = (): OptionType<string> =>
  optionType({ name: 'text', placeholder: 'TEXT', advice: 'put the text in quotes', read: readText, write: quote })

/** A path of the machine. It is not looked at here. */
export const path = (): OptionType<string> =>
  optionType({ ...text(), name: 'path', placeholder: 'PATH', advice: 'write a path in quotes' })

/** A text that nobody may see. */
export const secret = (placeholder = 'SECRET'): OptionType<Secret> =>
  optionType({
    name: 'secret text',
    placeholder,
    advice: 'put the text in quotes',
    secret: true,
    read: (raw) => new Secret(readText(raw)),
    write: (value) => quote(value.reveal()),
  })

/**
 * One of a few words, compared to the letter.
 * @param message  what is said about another word, which comes in quotes; for messages that the original had
 */
export const oneOf = <const W extends string>(
  words: readonly W[],
  message?: (quotedWord: string) => string,
): OptionType<W> =>
  optionType<W>({
    name: words.map((word) => `\`${word}\``).join(', '),
    placeholder: words.join('|'),
    advice: `use one of ${words.map(quote).join(', ')}`,
    read: (raw) => {
      const given = readText(raw)
      const found = words.find((word) => word === given)
      if (found !== undefined) return found
      if (message) throw new Error(message(JSON.stringify(given.slice(0, 60))))
      throw new ValueError('is not among the possible values')
    },
    write: quote,
  })

/** A text with a grammar of its own. `parse` throws a ValueError, or any error whose message explains. */
export const parsedText = <T>(own: {
  name: string
  placeholder: string
  advice: string
  parse: (text: string) => T
  format: (value: T) => string
}): OptionType<T> =>
  optionType({ ...own, read: (raw) => own.parse(readText(raw)), write: (value) => quote(own.format(value)) })

/** An absolute http or https URL, kept as it was written. */
export const httpUrl = (): OptionType<string> =>
  parsedText({
    name: 'URL',
    placeholder: 'URL',
    advice: 'write an absolute URL such as "https://rport.example.com"',
    parse: (url) => {
      if (!isHttpUrl(url)) throw new ValueError('is no http or https URL')
      return url
    },
    format: (url) => url,
  })

/** Whether the text is an absolute http or https URL with a host. */
export function isHttpUrl(url: string): boolean {
  return /^https?:\/\/[^/?#\s]/i.test(url) && !/[\s\p{Cc}]/u.test(url) && URL.canParse(url)
}

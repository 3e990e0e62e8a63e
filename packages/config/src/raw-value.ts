/** What a setting may look like before it is understood: TOML's values; from flags and environment only texts. */
export type RawValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | readonly RawValue[]
  | { readonly [key: string]: RawValue }

/** Longest excerpt of a value in an error: enough to recognise it, too little to fill a screen. */
const MAX_SHOWN_CHARS = 80

/** A value as an error shows it: in TOML's notation, on one line, cut when long. */
export function showRaw(raw: RawValue): string {
  const text = notation(raw)
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text
}

/** The text in TOML's notation: single quotes where that saves escaping backslashes, as in Windows paths. */
export function quote(text: string): string {
  if (/^[^'\p{Cc}]*\\[^'\p{Cc}]*$/u.test(text)) return `'${text}'`
  // JSON's escapes are a part of TOML's; only DEL must be escaped in TOML and is not in JSON.
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f')
}

/** How the kind of a value is called in an error. */
export function kindOf(raw: RawValue): string {
  if (typeof raw === 'string') return 'a text'
  if (typeof raw === 'boolean') return 'true or false'
  if (typeof raw === 'number' || typeof raw === 'bigint') return 'a number'
  if (Array.isArray(raw)) return 'a list'
  return raw instanceof Date ? 'a date' : 'a table'
}

function notation(raw: RawValue): string {
  if (typeof raw === 'string') return quote(raw)
  if (raw instanceof Date) return raw.toISOString()
  if (Array.isArray(raw)) return `[${raw.slice(0, MAX_SHOWN_CHARS).map(notation).join(', ')}]`
  if (typeof raw === 'object') return '{…}'
  return String(raw)
}

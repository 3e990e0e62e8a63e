/** The pairs of a query string: name → its values, in the order in which they were sent. */
export type QueryValues = ReadonlyMap<string, readonly string[]>

/** More pairs than any operation understands; the header limit keeps them from growing without end anyway. */
const MAX_PAIRS = 1000

/** The result of reading a query string; `reason` is Go's own text, which callers of the original know. */
export type QueryStringResult =
  | { readonly ok: true; readonly values: QueryValues }
  | { readonly ok: false; readonly reason: string }

/**
 * Reads `a=1&b=2` as Go's net/url does: `+` is a blank, a semicolon and a bad percent sign are faults, bytes that are no
 * UTF-8 become U+FFFD.
 * @param raw  the text after the question mark
 */
export function parseQueryString(raw: string): QueryStringResult {
  const values = new Map<string, string[]>()
  if (raw === '') return { ok: true, values }
  let pairs = 0
  for (const part of raw.split('&')) {
    if (part === '') continue
    if (part.includes(';')) return { ok: false, reason: 'invalid semicolon separator in query' }
    pairs += 1
    if (pairs > MAX_PAIRS) return { ok: false, reason: `more than ${MAX_PAIRS} parameters` }
    const equals = part.indexOf('=')
    const name = percentDecode(equals < 0 ? part : part.slice(0, equals))
    const value = percentDecode(equals < 0 ? '' : part.slice(equals + 1))
    if (!name.ok) return name
    if (!value.ok) return value
    const known = values.get(name.text)
    if (known) known.push(value.text)
    else values.set(name.text, [value.text])
  }
  return { ok: true, values }
}

type Decoded = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string }

function percentDecode(text: string): Decoded {
  const spaced = text.replaceAll('+', ' ')
  if (!spaced.includes('%')) return { ok: true, text: spaced }
  const bad = /%(?![0-9A-Fa-f]{2})/.exec(spaced)
  if (bad) return { ok: false, reason: `invalid URL escape "${spaced.slice(bad.index, bad.index + 3)}"` }
  return { ok: true, text: spaced.replace(/(?:%[0-9A-Fa-f]{2})+/g, decodeRun) }
}

/** A run of `%xx` may hold several characters, whole or broken. */
function decodeRun(run: string): string {
  const bytes = new Uint8Array(run.length / 3)
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(run.slice(index * 3 + 1, index * 3 + 3), 16)
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

/** Writes pairs as a query string; absent values are left out. */
export function formatQueryString(pairs: Iterable<readonly [name: string, value: string | undefined]>): string {
  const parts: string[] = []
  for (const [name, value] of pairs) {
    if (value !== undefined) parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  }
  return parts.join('&')
}

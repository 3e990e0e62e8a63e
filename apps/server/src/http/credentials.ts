import type { Credentials } from './actor.ts'

/** Reads an Authorization header; the scheme's letter case does not matter. What is not understood counts as none. */
export function parseAuthorization(header: string | undefined): Credentials {
  const match = /^(basic|bearer) +(.*)$/is.exec(header ?? '')
  const [, scheme = '', text = ''] = match ?? []
  if (scheme.toLowerCase() === 'bearer') return { kind: 'bearer', token: text.trim() }
  return scheme === '' ? { kind: 'none' } : parseBasic(text.trim())
}

/** RFC 7617: base64 of `name:password` in UTF-8; the name ends at the first colon. */
function parseBasic(text: string): Credentials {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return { kind: 'none' }
  const pair = Buffer.from(text, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  if (colon < 0) return { kind: 'none' }
  return { kind: 'basic', name: pair.slice(0, colon), password: pair.slice(colon + 1) }
}

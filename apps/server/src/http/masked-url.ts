import { MASK } from '@rport/kit'

/** Query values that are secrets: they must not reach a log. */
const SECRET_NAMES = new Set(['access_token', 'auth_password', 'code', 'device_code', 'password', 'state', 'token'])

/** The path and query of a request with its secrets masked. */
export function maskedUrl(url: string): string {
  const queryAt = url.indexOf('?')
  if (queryAt < 0) return url
  const pairs = url.slice(queryAt + 1).split('&')
  return `${url.slice(0, queryAt + 1)}${pairs.map(maskPair).join('&')}`
}

function maskPair(pair: string): string {
  const equals = pair.indexOf('=')
  if (equals < 0) return pair
  const name = pair.slice(0, equals)
  return SECRET_NAMES.has(decodedName(name)) && equals + 1 < pair.length ? `${name}=${MASK}` : pair
}

/** A name may be percent-encoded to slip through; one that cannot be decoded is refused by the query reader anyway. */
function decodedName(name: string): string {
  try {
    return decodeURIComponent(name).toLowerCase()
  } catch {
    // Not percent-encoded as it should be: compared as sent.
    return name.toLowerCase()
  }
}

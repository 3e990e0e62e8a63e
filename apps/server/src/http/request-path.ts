/** What is to be done with the path of a request before it is looked up. */
export type PathVerdict =
  | { readonly kind: 'clean' }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'unroutable' }
  | { readonly kind: 'malformed' }

/**
 * Judges the path of a request: `//`, `/./` and `/../` are redirected to the cleaned path, as Go's routers do. An encoded
 * slash matches no route, because it would be decoded before matching.
 * @param url  as sent, with query
 */
export function judgePath(url: string): PathVerdict {
  const queryAt = url.indexOf('?')
  const rawPath = queryAt < 0 ? url : url.slice(0, queryAt)
  if (!rawPath.startsWith('/')) return { kind: 'unroutable' }
  let path: string
  try {
    path = decodeURIComponent(rawPath)
  } catch {
    // Nothing but a bad percent sign or bytes that are no UTF-8 makes this throw.
    return { kind: 'malformed' }
  }
  const cleaned = cleanPath(path)
  if (cleaned !== path) {
    const location = cleaned.split('/').map(encodeURIComponent).join('/')
    return { kind: 'redirect', location: queryAt < 0 ? location : `${location}${url.slice(queryAt)}` }
  }
  return /%2f/i.test(rawPath) ? { kind: 'unroutable' } : { kind: 'clean' }
}

/** Removes empty, `.` and `..` segments; a trailing slash stays. The result never leaves the root. */
function cleanPath(path: string): string {
  const segments: string[] = []
  const parts = path.split('/')
  for (const part of parts) {
    if (part === '..') segments.pop()
    else if (part !== '' && part !== '.') segments.push(part)
  }
  const last = parts.at(-1)
  const endsAsFolder = last === '' && segments.length > 0
  return `/${segments.join('/')}${endsAsFolder ? '/' : ''}`
}

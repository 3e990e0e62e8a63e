const MAX_LENGTH = 254
const LOCAL = /^[\w.!#$%&'*+/=?^`{|}~-]+$/
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

/**
 * What is wrong with a mail address; undefined: nothing.
 * compat: the original's two texts, and what it lets pass: the form that browsers take (HTML, `input type=email`).
 */
export function mailAddressFault(address: string): string | undefined {
  if (address === '') return 'email cannot be empty'
  const at = address.lastIndexOf('@')
  const isFine =
    at > 0 &&
    address.length <= MAX_LENGTH &&
    LOCAL.test(address.slice(0, at)) &&
    address
      .slice(at + 1)
      .split('.')
      .every((label) => LABEL.test(label))
  return isFine ? undefined : 'invalid email format'
}

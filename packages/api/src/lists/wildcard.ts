/**
 * A matcher for texts with `*`. Time grows with the length of text and pattern together, whatever a caller writes: no
 * regular expression is built, and each piece is searched by Knuth, Morris and Pratt.
 * @param pieces  the pattern cut at its `*`, at least one; without wildcard there is one piece and the text must equal it
 */
export function wildcardMatcher(pieces: readonly string[]): (text: string) => boolean {
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  if (pieces.length <= 1) return (text) => text === first
  const middle = pieces
    .slice(1, -1)
    .filter((piece) => piece !== '')
    .map(searcher)
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
    const end = text.length - last.length
    let from = first.length
    for (const search of middle) {
      const after = search(text, from, end)
      if (after < 0) return false
      from = after
    }
    return true
  }
}

/** Up to so many comparisons at the worst, the runtime's own search is much the quicker one. */
const PLAIN_SEARCH_LIMIT = 4096

/** Finds the first occurrence of `piece` within [from, end) and returns the index after it, or -1. */
function searcher(piece: string): (text: string, from: number, end: number) => number {
  const fallback = borders(piece)
  return (text, from, end) => {
    if ((end - from) * piece.length <= PLAIN_SEARCH_LIMIT) {
      const found = text.indexOf(piece, from)
      return found < 0 || found + piece.length > end ? -1 : found + piece.length
    }
    let matched = 0
    for (let index = from; index < end; index += 1) {
      const unit = text.charCodeAt(index)
      while (matched > 0 && piece.charCodeAt(matched) !== unit) matched = fallback[matched - 1] ?? 0
      if (piece.charCodeAt(matched) === unit) matched += 1
      if (matched === piece.length) return index + 1
    }
    return -1
  }
}

/** For each prefix of the piece the length of its longest proper border. */
function borders(piece: string): number[] {
  const lengths = [0]
  for (let index = 1; index < piece.length; index += 1) {
    let length = lengths[index - 1] ?? 0
    while (length > 0 && piece.charCodeAt(length) !== piece.charCodeAt(index)) length = lengths[length - 1] ?? 0
    lengths.push(piece.charCodeAt(length) === piece.charCodeAt(index) ? length + 1 : 0)
  }
  return lengths
}

/** The key as the next word meets it, in this machine's order of bytes; filled and read within one call. */
const turned = new Uint8Array(4)
const turnedWord = new Uint32Array(turned.buffer)

/**
 * XORs `bytes[from, to)` with the four bytes of `key`, in place, by 32-bit words where memory allows.
 * @param phase  how many bytes of this frame came before: which byte of the key is next
 * @see RFC 6455 section 5.3. A bytewise loop costs more than the encryption of the same bytes.
 */
export function applyMask(bytes: Buffer, from: number, to: number, key: Buffer, phase = 0): void {
  let at = from
  let next = phase & 3
  while (at < to && ((bytes.byteOffset + at) & 3) !== 0) {
    bytes[at] = (bytes[at] ?? 0) ^ (key[next] ?? 0)
    next = (next + 1) & 3
    at += 1
  }
  const wordCount = (to - at) >>> 2
  if (wordCount > 0) {
    for (let index = 0; index < 4; index += 1) turned[index] = key[(next + index) & 3] ?? 0
    const mask = turnedWord[0] ?? 0
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, wordCount)
    for (let index = 0; index < wordCount; index += 1) words[index] = (words[index] ?? 0) ^ mask
    at += wordCount * 4
  }
  for (; at < to; at += 1) {
    bytes[at] = (bytes[at] ?? 0) ^ (key[next] ?? 0)
    next = (next + 1) & 3
  }
}

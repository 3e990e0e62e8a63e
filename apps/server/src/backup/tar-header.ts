import { StartError } from '@rport/host'

/** Everything in a tar archive comes in blocks of this size. */
export const BLOCK_BYTES = 512
/** Field for names; longer ones would need an extension that our archives do without. */
export const MAX_NAME_BYTES = 100

/** A regular file in an archive; ours hold nothing else. */
export interface TarEntry {
  readonly name: string
  readonly sizeBytes: number
  readonly modifiedAt: number
}

const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  modified: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 8],
} as const
const REGULAR_FILE = '0'
const MAGIC = 'ustar\x0000'
/** What eleven octal digits can say; larger sizes are written as GNU tar does, in binary behind 0x80. */
const MAX_OCTAL_SIZE = 8 ** 11 - 1
const BINARY = 0x80

/**
 * The header block of a file with mode 0600 that belongs to nobody in particular: whoever unpacks it owns it.
 * @see POSIX.1-1988, ustar interchange format
 */
export function encodeTarHeader({ name, sizeBytes, modifiedAt }: TarEntry): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  const put = (field: keyof typeof FIELDS, text: string) => block.write(text, FIELDS[field][0], 'utf8')
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  put('name', name)
  put('mode', `${octal(0o600, 7)}\0`)
  put('uid', `${octal(0, 7)}\0`)
  put('gid', `${octal(0, 7)}\0`)
  if (sizeBytes <= MAX_OCTAL_SIZE) put('size', `${octal(sizeBytes, 11)}\0`)
  else {
    block[FIELDS.size[0]] = BINARY
    block.writeBigUInt64BE(BigInt(sizeBytes), FIELDS.size[0] + 4)
  }
  put('modified', `${octal(Math.max(0, Math.floor(modifiedAt / 1000)), 11)}\0`)
  put('type', REGULAR_FILE)
  put('magic', MAGIC)
  put('checksum', `${octal(checksumOf(block), 6)}\0 `)
  return block
}

/**
 * Reads a header block of one of our archives.
 * @returns undefined for the block of zeros that ends an archive
 * @throws  StartError for anything but a plain file: links, folders and devices have no business here
 */
export function parseTarHeader(block: Buffer): TarEntry | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  const text = (field: keyof typeof FIELDS): string => {
    const [start, length] = FIELDS[field]
    const bytes = block.subarray(start, start + length)
    const end = bytes.indexOf(0)
    return bytes.subarray(0, end < 0 ? length : end).toString('utf8')
  }
  const number = (field: keyof typeof FIELDS): number => {
    const digits = text(field).trim()
    if (!/^[0-7]{1,12}$/.test(digits)) throw notOurs(`a ${field} field makes no sense`)
    return Number.parseInt(digits, 8)
  }
  if (!text('magic').startsWith('ustar')) throw notOurs('a header has no mark of a tar archive')
  if (number('checksum') !== checksumOf(block)) throw notOurs('the checksum of a header is wrong')
  if (text('type') !== REGULAR_FILE) throw notOurs(`${JSON.stringify(text('name'))} is no plain file`)
  return { name: text('name'), sizeBytes: sizeOf(block, () => number('size')), modifiedAt: number('modified') * 1000 }
}

function sizeOf(block: Buffer, octal: () => number): number {
  const [start] = FIELDS.size
  if (block[start] !== BINARY) return octal()
  const size = Number(block.readBigUInt64BE(start + 4))
  if (!Number.isSafeInteger(size)) throw notOurs('a size makes no sense')
  return size
}

/** The sum of all bytes, with blanks in place of the checksum itself. */
function checksumOf(block: Buffer): number {
  const [start, length] = FIELDS.checksum
  let sum = length * 0x20
  for (const [index, byte] of block.entries()) if (index < start || index >= start + length) sum += byte
  return sum
}

/** What is wrong with an archive as a whole. */
export const notOurs = (why: string): StartError =>
  new StartError(`the archive is damaged, or none that "rportd backup" has made: ${why}`)

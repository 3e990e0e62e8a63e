import { ByteWriter } from '../../wire/byte-writer.ts'
import { MSG } from './numbers.ts'

/** byte 7 | uint32 count | (string name | string value)* (RFC 8308 section 2.3) */
export function encodeExtInfo(extensions: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(extensions)
  const writer = new ByteWriter().byte(MSG.EXT_INFO).uint32(entries.length)
  for (const [name, value] of entries) writer.string(name).string(value)
  return writer.finish()
}

import { promisify } from 'node:util'
import { deflate, gzip } from 'node:zlib'

const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) }
export type Encoding = keyof typeof compressors

/** Below this the frame of gzip and the header that announces it cost more than they save. */
const MIN_BYTES = 64

/**
 * The first encoding of an Accept-Encoding header that we have; `q=0` refuses one.
 * @see RFC 9110 §12.5.3
 */
export function chooseEncoding(acceptEncoding: string | undefined): Encoding | undefined {
  for (const part of (acceptEncoding ?? '').split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    const refused = parameters.some((parameter) => /^q=0(?:\.0{1,3})?$/.test(parameter))
    if ((name === 'gzip' || name === 'deflate') && !refused) return name
  }
  return undefined
}

/** The body as it is to be sent; compressed when the caller can read that and it is worth it. */
export async function encodeBody(
  body: Buffer,
  acceptEncoding: string | undefined,
): Promise<{ readonly body: Buffer; readonly encoding: Encoding | undefined }> {
  const encoding = body.length < MIN_BYTES ? undefined : chooseEncoding(acceptEncoding)
  return encoding ? { body: await compressors[encoding](body), encoding } : { body, encoding: undefined }
}

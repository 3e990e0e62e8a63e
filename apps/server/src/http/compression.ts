import { promisify } from 'node:util'
import { deflate, deflateSync, gzip, gzipSync } from 'node:zlib'

const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) }
const atOnce = {
  gzip: (body: Buffer) => gzipSync(body, SMALL),
  deflate: (body: Buffer) => deflateSync(body, SMALL),
}
export type Encoding = keyof typeof compressors

/** Below this the frame of gzip and the header that announces it cost more than they save. */
const MIN_BYTES = 64
/** Up to here the way to another thread and back takes longer than the work, which is then less than a tenth of a millisecond. */
const MAX_AT_ONCE_BYTES = 4096
/** A window that holds such a body whole; the usual one means a quarter of a megabyte of fresh memory for each. */
const SMALL = { windowBits: 12, memLevel: 5, chunkSize: MAX_AT_ONCE_BYTES }

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
  if (!encoding) return { body, encoding: undefined }
  const compress = body.length <= MAX_AT_ONCE_BYTES ? atOnce[encoding] : compressors[encoding]
  return { body: await compress(body), encoding }
}

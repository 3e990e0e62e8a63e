import { access, open } from 'node:fs/promises'
import { join } from 'node:path'

/** Small text files of the machine, below a root that tests replace by a folder of their own. */
export interface RootFiles {
  /** The file's text without the white space around it, cut at 4 MiB; undefined when it cannot be read. */
  read(path: string): Promise<string | undefined>
  exists(path: string): Promise<boolean>
}

/** `/proc/cpuinfo` of a machine with 1,000 processors has about 1.5 MB. */
const MAX_FILE_BYTES = 4 * 1024 * 1024
const CHUNK_BYTES = 64 * 1024

/** @param root  `/` on a real machine */
export const createRootFiles = (root: string): RootFiles => ({
  read: (path) => readUpTo(join(root, path)).catch(() => undefined),
  exists: (path) =>
    access(join(root, path)).then(
      () => true,
      () => false,
    ),
})

/** Files of /proc say that they are empty, so their size is no guide. */
async function readUpTo(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const chunks: Buffer[] = []
    let byteCount = 0
    while (byteCount < MAX_FILE_BYTES) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null)
      if (bytesRead === 0) break
      byteCount += bytesRead
      chunks.push(buffer.subarray(0, bytesRead))
    }
    return Buffer.concat(chunks).toString('utf8').trim()
  } finally {
    await file.close()
  }
}

/** Size of one slab: room for one full flush. Larger ones gain nothing, smaller ones cost system calls. */
export const SLAB_BYTES = 256 * 1024
/** Free slabs that are kept; the rest is left to the collector. 64 slabs are 16 MiB for the whole process. */
const MAX_FREE = 64

const free: Buffer[] = []

/**
 * A buffer to build packets in. Fresh large buffers cost more than the encryption of what goes into them, so slabs go round:
 * give each back with `returnSlab` once its bytes have left. One pool serves all connections of the process.
 */
export const takeSlab = (): Buffer => free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)

export function returnSlab(slab: Buffer): void {
  if (free.length < MAX_FREE) free.push(slab)
}

import { randomFillSync } from 'node:crypto'

/** One call to the generator costs more than a small packet's encryption: random bytes are drawn 64 KiB at a time. */
const POOL_BYTES = 64 * 1024

const pool = Buffer.allocUnsafeSlow(POOL_BYTES)
let used = POOL_BYTES

/** Copies `byteCount` fresh random bytes into `target`; at most 64 KiB. For padding, mask keys and cookies, never for keys. */
export function fillRandom(target: Buffer, at: number, byteCount: number): void {
  if (used + byteCount > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  pool.copy(target, at, used, used + byteCount)
  used += byteCount
}

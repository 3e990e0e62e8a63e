import { BLOCK_BYTES, encodeTarHeader, notOurs, parseTarHeader, type TarEntry } from './tar-header.ts'

/** One file on its way into an archive. */
export interface TarSource extends TarEntry {
  /** Exactly `sizeBytes` bytes. */
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

const paddingOf = (sizeBytes: number): number => (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES

/** The bytes of one file in an archive. @throws Error when the content has another size than was said */
export async function* tarFile(source: TarSource): AsyncGenerator<Uint8Array> {
  yield encodeTarHeader(source)
  let written = 0
  for await (const bytes of source.content) {
    written += bytes.length
    yield bytes
  }
  if (written !== source.sizeBytes) throw new Error(`${source.name} changed its size while it was saved: try again`)
  yield Buffer.alloc(paddingOf(source.sizeBytes))
}

/** The bytes that end an archive. */
export const tarEnd = (): Uint8Array => Buffer.alloc(2 * BLOCK_BYTES)

/** Takes one file of an archive; content that it leaves unread is skipped. */
export type TakeTarEntry = (entry: TarEntry, content: AsyncIterable<Buffer>) => Promise<void>

/**
 * Walks through an archive, one file after the other, with no more than a piece of it in memory.
 * @throws StartError when it is damaged, cut off or holds anything but plain files; whatever `take` and the source throw
 */
export async function readTar(source: AsyncIterable<Buffer>, take: TakeTarEntry): Promise<void> {
  const reader = new PieceReader(source)
  for (;;) {
    const entry = parseTarHeader(await reader.take(BLOCK_BYTES))
    if (!entry) break
    const content = reader.pieces(entry.sizeBytes)
    await take(entry, content)
    for await (const piece of content) void piece
    await reader.take(paddingOf(entry.sizeBytes))
  }
  // To the very end: only there does the compression tell whether all of it was whole.
  await reader.drain()
}

class PieceReader {
  readonly #source: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Small amounts only. */
  async take(count: number): Promise<Buffer> {
    while (this.#rest.length < count) this.#rest = Buffer.concat([this.#rest, await this.#next()])
    const taken = this.#rest.subarray(0, count)
    this.#rest = this.#rest.subarray(count)
    return taken
  }

  async *pieces(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0) this.#rest = await this.#next()
      const piece = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }

  async drain(): Promise<void> {
    while (!(await this.#source.next()).done);
  }

  async #next(): Promise<Buffer> {
    const { value, done } = await this.#source.next()
    if (done) throw notOurs('it ends too early')
    return value
  }
}

import { StartError } from '@rport/host'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES, encodeTarHeader, parseTarHeader } from './tar-header.ts'
import { readTar, tarEnd, tarFile } from './tar-stream.ts'

interface Plain {
  readonly name: string
  readonly text: string
}

async function pack(files: readonly Plain[]): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for (const { name, text } of files) {
    const content = Buffer.from(text)
    for await (const bytes of tarFile({ name, sizeBytes: content.length, modifiedAt: 0, content: [content] }))
      pieces.push(bytes)
  }
  return Buffer.concat([...pieces, tarEnd()])
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

async function unpack(bytes: Buffer, size = 1000): Promise<Plain[]> {
  const files: Plain[] = []
  await readTar(inPieces(bytes, size), async ({ name }, content) => {
    const pieces: Buffer[] = []
    for await (const piece of content) pieces.push(piece)
    files.push({ name, text: Buffer.concat(pieces).toString() })
  })
  return files
}

test('what was packed is unpacked, in whatever pieces it arrives', async () => {
  const name = fc.stringMatching(/^[a-z/.-]{1,100}$/)
  const file = fc.record({ name, text: fc.string({ maxLength: 2000 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(file, { maxLength: 5 }), fc.integer({ min: 1, max: 2000 }), async (files, size) => {
      expect(await unpack(await pack(files), size)).toEqual(files)
    }),
    { numRuns: 50 },
  )
})

test('content that nobody reads is skipped', async () => {
  const names: string[] = []
  const bytes = await pack([
    { name: 'a', text: 'x'.repeat(5000) },
    { name: 'b', text: 'y' },
  ])
  await readTar(inPieces(bytes, 300), async ({ name }) => void names.push(name))
  expect(names).toEqual(['a', 'b'])
})

test('a size that octal digits cannot say is kept', () => {
  const entry = { name: 'huge', sizeBytes: 2 ** 40, modifiedAt: 1_700_000_000_000 }
  expect(parseTarHeader(encodeTarHeader(entry))).toEqual(entry)
})

test('a file that grows or shrinks while it is packed is not packed', async () => {
  const packing = async () => {
    for await (const bytes of tarFile({ name: 'a', sizeBytes: 5, modifiedAt: 0, content: [Buffer.from('four')] }))
      void bytes
  }
  await expect(packing()).rejects.toThrow('a changed its size')
})

describe('an archive is refused that', () => {
  const mended = (change: (block: Buffer) => void): Buffer => {
    const block = encodeTarHeader({ name: 'x', sizeBytes: 0, modifiedAt: 0 })
    change(block)
    block.write('        ', 148)
    const sum = block.reduce((total, byte) => total + byte, 0)
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return Buffer.concat([block, tarEnd()])
  }

  test.each([
    ['holds a symbolic link', mended((block) => block.write('2', 156)), '"x" is no plain file'],
    ['holds a folder', mended((block) => block.write('5', 156)), '"x" is no plain file'],
    ['is of another kind', mended((block) => block.fill(0, 257, 265)), 'no mark of a tar archive'],
    ['says nonsense for a size', mended((block) => block.write('zzz', 124)), 'a size field makes no sense'],
    [
      'has a size beyond all bounds',
      mended((block) => block.fill(0xff, 124, 136).writeUInt8(0x80, 124)),
      'a size makes no sense',
    ],
    ['is empty', Buffer.alloc(0), 'ends too early'],
  ])('%s', async (_what, bytes, reason) => {
    await expect(unpack(bytes)).rejects.toThrow(reason)
  })

  test('was cut off anywhere before its end', async () => {
    const bytes = await pack([{ name: 'a', text: 'x'.repeat(700) }])
    for (let length = 0; length < bytes.length - 2 * BLOCK_BYTES; length += 97) {
      await expect(unpack(bytes.subarray(0, length))).rejects.toThrow('ends too early')
    }
  })

  test('has a header with one byte changed', async () => {
    const bytes = await pack([{ name: 'a', text: 'x' }])
    for (let at = 0; at < BLOCK_BYTES; at += 13) {
      const broken = Buffer.from(bytes)
      broken.writeUInt8((broken[at] ?? 0) ^ 0x11, at)
      await expect(unpack(broken)).rejects.toThrow(StartError)
    }
  })

  test('is noise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: BLOCK_BYTES, maxLength: 3000 }), async (noise) => {
        fc.pre(noise.slice(0, BLOCK_BYTES).some((byte) => byte !== 0))
        await expect(unpack(Buffer.from(noise))).rejects.toThrow(StartError)
      }),
      { numRuns: 50 },
    )
  })
})

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { version } from '@rport/kit'
import { tarEnd, tarFile } from '../tar-stream.ts'

export interface PackedFile {
  readonly name: string
  readonly text: string
}

/** What a manifest says of a file in the data folder. */
export const describeFile = (file: PackedFile, path = file.name.slice('data/'.length)) => ({
  name: file.name,
  sizeBytes: Buffer.byteLength(file.text),
  sha256: createHash('sha256').update(file.text).digest('hex'),
  place: 'data',
  path,
})

/** A manifest that fits to the files; `change` replaces parts of it. */
export const manifestFor = (files: readonly PackedFile[], change: object = {}): PackedFile => ({
  name: 'manifest.json',
  text: JSON.stringify({
    program: 'rportd',
    format: 1,
    version,
    createdAt: '2026-01-01T00:00:00.000Z',
    dataDir: '/var/lib/rport',
    files: files.map((file) => describeFile(file)),
    leftOut: [],
    ...change,
  }),
})

/** Writes an archive, as hostile as its files are. */
export async function pack(path: string, files: readonly PackedFile[]): Promise<void> {
  const pieces: Uint8Array[] = []
  for (const { name, text } of files) {
    const content = Buffer.from(text)
    const source = { name, sizeBytes: content.length, modifiedAt: 0, content: [content] }
    for await (const bytes of tarFile(source)) pieces.push(bytes)
  }
  writeFileSync(path, gzipSync(Buffer.concat([...pieces, tarEnd()])))
}

import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { link, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { StartError, syncFolder } from '@rport/host'
import { errorCode, errorMessage, version } from '@rport/kit'
import { copyDatabase } from '../db/index.ts'
import { type ArchivedFile, FORMAT, MANIFEST_NAME, type Manifest } from './manifest.ts'
import { MAX_NAME_BYTES } from './tar-header.ts'
import { tarEnd, tarFile } from './tar-stream.ts'
import { verifyArchive } from './verify-archive.ts'

/** A file that goes into an archive. */
export interface ArchiveSource {
  /** Where it lies now. */
  readonly from: string
  readonly isDatabase: boolean
  readonly file:
    | { readonly place: 'data'; readonly path: string }
    | { readonly place: 'outside'; readonly path: string; readonly purpose: string }
}

export interface WriteArchiveOptions {
  readonly out: string
  /** Whether an existing file is replaced. */
  readonly replace: boolean
  readonly dataDir: string
  /** In the order in which they are read. */
  readonly sources: readonly ArchiveSource[]
  readonly leftOut: Manifest['leftOut']
  readonly createdAt: number
  /** Told what is being done, again and again. */
  readonly onProgress: (text: string) => void
  /** Ends the work; nothing is left behind. */
  readonly signal: AbortSignal
}

/** What was written. */
export interface WrittenArchive {
  readonly manifest: Manifest
  readonly sizeBytes: number
}

/**
 * Writes an archive of mode 0600, whole or not at all, and reads it once more before it gets its name. Databases are copied by SQLite into a folder beside the archive first.
 * @throws StartError when there is such a file already; DatabaseError; the error of the file system
 */
export async function writeArchive(options: WriteArchiveOptions): Promise<WrittenArchive> {
  const { out, replace } = options
  if (!replace && (await stat(out).catch(() => undefined))) throw exists(out)
  const folder = dirname(out)
  const stage = await mkdtemp(join(folder, '.rportd-backup-')).catch((error: unknown) => {
    throw new StartError(
      `cannot write into ${folder}: ${errorMessage(error)}. Choose another place with --out, one that this user may write to`,
    )
  })
  const temporary = join(stage, `archive.${randomBytes(4).toString('hex')}`)
  try {
    const files: ArchivedFile[] = []
    const manifest = (): Manifest => ({
      program: 'rportd',
      format: FORMAT,
      version,
      createdAt: new Date(options.createdAt).toISOString(),
      dataDir: options.dataDir,
      files,
      leftOut: options.leftOut,
    })
    await pipeline(
      archiveBytes(options, stage, files, manifest),
      createGzip(),
      createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }),
      { signal: options.signal },
    )
    options.onProgress('checking the archive')
    await verifyArchive(temporary)
    await publish(temporary, out, replace)
    await syncFolder(folder)
    return { manifest: manifest(), sizeBytes: (await stat(out)).size }
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

async function publish(temporary: string, out: string, replace: boolean): Promise<void> {
  if (replace) return rename(temporary, out)
  try {
    await link(temporary, out)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw exists(out)
    // File systems without hard links.
    await rename(temporary, out)
  }
}

async function* archiveBytes(
  options: WriteArchiveOptions,
  stage: string,
  files: ArchivedFile[],
  manifest: () => Manifest,
): AsyncGenerator<Uint8Array> {
  for (const [index, source] of options.sources.entries()) {
    const report = (share: number) => options.onProgress(`saving ${source.file.path} ${Math.floor(share * 100)} %`)
    report(0)
    const name = nameOf(source.file, index)
    let from = source.from
    if (source.isDatabase) {
      from = join(stage, `database-${index}`)
      await copyDatabase(source.from, from, (share) => report(share / 2))
    }
    const digest = createHash('sha256')
    const { size, mtimeMs } = await stat(from)
    const content = measured(from, size, (bytes, done) => {
      digest.update(bytes)
      report(source.isDatabase ? 0.5 + done / 2 : done)
    })
    yield* tarFile({ name, sizeBytes: size, modifiedAt: mtimeMs, content })
    files.push({ name, sizeBytes: size, sha256: digest.digest('hex'), ...source.file })
    if (source.isDatabase) await rm(from)
  }
  const text = Buffer.from(`${JSON.stringify(manifest(), undefined, 2)}\n`)
  yield* tarFile({ name: MANIFEST_NAME, sizeBytes: text.length, modifiedAt: options.createdAt, content: [text] })
  yield tarEnd()
}

/** The first `size` bytes of a file: what is appended meanwhile is for the next archive. */
async function* measured(path: string, size: number, onBytes: (bytes: Buffer, share: number) => void) {
  if (size === 0) return
  let done = 0
  for await (const bytes of createReadStream(path, { end: size - 1 }) as AsyncIterable<Buffer>) {
    done += bytes.length
    onBytes(bytes, done / size)
    yield bytes
  }
}

/** Its path where the format has room for it, else its number. */
function nameOf(file: ArchiveSource['file'], index: number): string {
  const name = file.place === 'data' ? `data/${file.path}` : `outside/${index}-${basename(file.path)}`
  return Buffer.byteLength(name) <= MAX_NAME_BYTES ? name : `${file.place}/long-name-${index}`
}

const exists = (out: string): StartError =>
  new StartError(`${out} is there already: choose another name with --out, or replace it with --force`)

import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ArchivedFile, Manifest } from './manifest.ts'
import { notOurs } from './tar-header.ts'
import { walkArchive } from './verify-archive.ts'

/** Where an archive was unpacked; both folders may be missing when they would be empty. */
export interface Unpacked {
  readonly data: string
  readonly outside: string
}

/**
 * Unpacks a verified archive into an empty folder, files with 0600 and folders with 0700. What differs from the manifest now is refused:
 * somebody has exchanged the archive.
 * @throws StartError, or the error of the file system; what was unpacked until then stays
 */
export async function unpackArchive(
  archive: string,
  manifest: Manifest,
  folder: string,
  onProgress: (path: string) => void,
): Promise<Unpacked> {
  const targets = targetsOf(manifest, folder)
  const files = new Map(manifest.files.map((file) => [file.name, file]))
  await walkArchive(archive, async ({ name }, content) => {
    const file = files.get(name)
    const target = targets.get(name)
    if (!file || target === undefined) return
    files.delete(name)
    onProgress(file.path)
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    const digest = createHash('sha256')
    await pipeline(
      content,
      async function* (pieces: AsyncIterable<Buffer>) {
        for await (const piece of pieces) {
          digest.update(piece)
          yield piece
        }
      },
      createWriteStream(target, { flags: 'wx', mode: 0o600, flush: true }),
    )
    if (digest.digest('hex') !== file.sha256)
      throw notOurs(`${JSON.stringify(file.path)} has changed while it was read`)
  })
  const [missing] = files.values()
  if (missing) throw notOurs(`${JSON.stringify(missing.path)} has vanished while it was read`)
  return { data: join(folder, 'data'), outside: join(folder, 'outside') }
}

/** Files from outside come under their own names, with a number where two have the same. */
function targetsOf(manifest: Manifest, folder: string): Map<string, string> {
  const targets = new Map<string, string>()
  const names = outsideNames(manifest)
  for (const file of manifest.files) {
    const target =
      file.place === 'data' ? join(folder, 'data', file.path) : join(folder, 'outside', names.get(file) ?? '')
    targets.set(file.name, target)
  }
  return targets
}

/** Under which name each file from outside is unpacked. */
export function outsideNames(manifest: Manifest): Map<ArchivedFile, string> {
  const names = new Map<ArchivedFile, string>()
  const taken = new Set<string>()
  for (const [index, file] of manifest.files.entries()) {
    if (file.place !== 'outside') continue
    // The path is a stranger's text: nothing of it but plain characters becomes a name here.
    const plain = basename(file.path.replaceAll('\\', '/'))
      .replace(/[^\w.-]/g, '_')
      .replace(/^\.+/, '_')
      .slice(0, 100)
    const name = plain === '' || taken.has(plain) ? `${index}-${plain}` : plain
    taken.add(name)
    names.set(file, name)
  }
  return names
}

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { StartError } from '@rport/host'
import { errorCode, errorMessage } from '@rport/kit'
import { MANIFEST_NAME, MAX_FILES, MAX_MANIFEST_BYTES, type Manifest, parseManifest } from './manifest.ts'
import { notOurs } from './tar-header.ts'
import { readTar, type TakeTarEntry } from './tar-stream.ts'

/** Walks through the files of an archive. @throws StartError when it is damaged; whatever `take` throws */
export async function walkArchive(archive: string, take: TakeTarEntry): Promise<void> {
  const packed = createReadStream(archive)
  const unpacked = packed.pipe(createGunzip())
  packed.once('error', (error) => unpacked.destroy(error))
  try {
    await readTar(unpacked, take)
  } catch (error) {
    throw isCompressionFault(error) ? notOurs(`it cannot be unpacked (${errorMessage(error)})`) : error
  } finally {
    unpacked.destroy()
    packed.destroy()
  }
}

const isCompressionFault = (error: unknown): boolean => /^Z_/.test(errorCode(error) ?? '')

/**
 * Reads an archive from its beginning to its end and compares every file with the manifest. Writes nothing.
 * @throws StartError when the archive is none, damaged, or from a newer version
 */
export async function verifyArchive(archive: string): Promise<Manifest> {
  await stat(archive).catch((error: unknown) => {
    throw new StartError(`cannot read the archive ${archive}: ${errorMessage(error)}`)
  })
  const found = new Map<string, { sizeBytes: number; sha256: string }>()
  let manifestText: string | undefined
  await walkArchive(archive, async ({ name, sizeBytes }, content) => {
    if (manifestText !== undefined) throw notOurs('something follows its manifest')
    if (name === MANIFEST_NAME) {
      if (sizeBytes > MAX_MANIFEST_BYTES) throw notOurs(`its manifest has ${sizeBytes} bytes`)
      const pieces: Buffer[] = []
      for await (const piece of content) pieces.push(Buffer.from(piece))
      manifestText = Buffer.concat(pieces).toString('utf8')
      return
    }
    if (found.size >= MAX_FILES) throw notOurs(`it holds more than ${MAX_FILES} files`)
    if (found.has(name)) throw notOurs(`it holds ${JSON.stringify(name)} twice`)
    const digest = createHash('sha256')
    for await (const piece of content) digest.update(piece)
    found.set(name, { sizeBytes, sha256: digest.digest('hex') })
  })
  if (manifestText === undefined) throw notOurs('it has no manifest')
  const manifest = parseManifest(manifestText)
  compare(manifest, found)
  return manifest
}

function compare(manifest: Manifest, found: Map<string, { sizeBytes: number; sha256: string }>): void {
  const places = new Set<string>()
  for (const { name, place, path, sizeBytes, sha256 } of manifest.files) {
    const shown = JSON.stringify(path)
    const file = found.get(name)
    if (!file) throw notOurs(`${shown} is missing`)
    if (file.sizeBytes !== sizeBytes || file.sha256 !== sha256) throw notOurs(`${shown} is not what was saved`)
    // Deleted, so that two names cannot be one file, nor two files one path.
    found.delete(name)
    const key = `${place}:${path}`
    if (places.has(key)) throw notOurs(`${shown} is there twice`)
    places.add(key)
  }
  const [stranger] = found.keys()
  if (stranger !== undefined) throw notOurs(`${JSON.stringify(stranger)} is not in its manifest`)
}

import { StartError } from '@rport/host'
import { isVersionAtLeast, version } from '@rport/kit'
import { z } from 'zod'
import { notOurs } from './tar-header.ts'

/** Name of the manifest in an archive; it is the last file. */
export const MANIFEST_NAME = 'manifest.json'
/** Raised when a program of today could misread what it finds. */
export const FORMAT = 1
/** Many more files than any server has. */
export const MAX_FILES = 100_000
/** Larger manifests are none of ours. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024

const MAX_PATH_CHARACTERS = 4096

/** Whether a path stays below its folder: parts between `/`, none of them special, nothing that a terminal would obey. */
export const isInsidePath = (path: string): boolean =>
  path.length <= MAX_PATH_CHARACTERS && !/^[A-Za-z]:|[\\\p{C}]/u.test(path) && path.split('/').every(isPlainName)

const isPlainName = (part: string): boolean => part !== '' && part !== '.' && part !== '..'

const InsidePath = z.string().refine(isInsidePath, 'leads out of its folder, or has characters that it must not have')

const common = {
  /** In the archive. */
  name: InsidePath,
  sizeBytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
}

const DataFile = z.object({ ...common, place: z.literal('data'), path: InsidePath })
/** A file that the settings name and that lies elsewhere. Its path is where it was; restoring does not follow it unasked. */
const OutsideFile = z.object({
  ...common,
  place: z.literal('outside'),
  path: z.string().min(1).max(MAX_PATH_CHARACTERS),
  /** What it is, for people. */
  purpose: z.string().max(200),
})

const ArchivedFile = z.discriminatedUnion('place', [DataFile, OutsideFile])
export type ArchivedFile = z.infer<typeof ArchivedFile>

const Manifest = z.object({
  program: z.literal('rportd'),
  format: z.int(),
  /** Of the program that wrote the archive. */
  version: z.string().max(100),
  createdAt: z.iso.datetime(),
  /** Where the data folder was. */
  dataDir: z.string().max(MAX_PATH_CHARACTERS),
  files: z.array(ArchivedFile).max(MAX_FILES),
  /** What a server also needs and the archive does not hold. */
  leftOut: z.array(z.object({ what: z.string(), why: z.string() })).max(MAX_FILES),
})
/** What an archive says about itself. */
export type Manifest = z.infer<typeof Manifest>

/** @throws StartError when it makes no sense, or when a newer version has written the archive */
export function parseManifest(text: string): Manifest {
  const json = toJson(text)
  // Before anything else: a later manifest may look different in every other way.
  const head = z.object({ format: z.int(), version: z.string().max(100) }).safeParse(json)
  if (!head.success) throw notOurs('its manifest has no format and no version')
  if (head.data.format > FORMAT || !isVersionAtLeast(version, head.data.version)) {
    throw new StartError(
      `the archive was made by rportd ${JSON.stringify(head.data.version)}, this is ${version}: install that version or a newer one, then restore`,
    )
  }
  const parsed = Manifest.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw notOurs(`its manifest says nonsense at ${issue?.path.join('.') ?? '?'}: ${issue?.message ?? '?'}`)
  }
  return parsed.data
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw notOurs('its manifest is no JSON')
  }
}

import { chown, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { openDataFolder, StartError, syncFolder, writeFileAtomic } from '@rport/host'
import { checkDatabase } from '../db/index.ts'
import { ASIDE, RESTORED, STAGE, UNFINISHED } from './data-files.ts'
import type { Manifest } from './manifest.ts'
import { outsideNames, unpackArchive } from './unpack-archive.ts'
import { verifyArchive } from './verify-archive.ts'

export interface RestoreOptions {
  readonly archive: string
  /** Made when it is missing. */
  readonly dataDir: string
  /** Name of the server's own database. */
  readonly databaseFile: string
  /** Whether a folder that holds something is taken; what it holds is put aside. */
  readonly force: boolean
  readonly now: number
  readonly onProgress: (text: string) => void
}

/** What came of it. */
export interface Restored {
  readonly manifest: Manifest
  /** Folder with what was there before; undefined when there was nothing. */
  readonly aside: string | undefined
  /** Files that lay outside the data folder: where they were, where they lie now. */
  readonly outside: readonly { readonly was: string; readonly isNow: string; readonly purpose: string }[]
}

/**
 * Puts the files of an archive into a data folder. The archive is verified, unpacked beside the old files and its database checked
 * before anything is touched. From the first to the last renaming a mark lies in the folder, and a server refuses it: a restore
 * that is killed leaves the old folder, the new one, or one that has to be restored again, never a server on half of both.
 * @throws StartError, DatabaseError; the folder is as it was then, unless the mark says otherwise
 */
export async function restoreArchive(options: RestoreOptions): Promise<Restored> {
  options.onProgress('checking the archive')
  const manifest = await verifyArchive(options.archive)
  const folder = await openDataFolder(options.dataDir, { program: 'rportd' })
  try {
    const occupants = await occupantsOf(folder.path)
    if (occupants.length > 0 && !options.force) throw occupied(folder.path, occupants)
    await removeStages(folder.path)
    const stage = await mkdtemp(join(folder.path, STAGE))
    try {
      await unpackArchive(options.archive, manifest, stage, (path) => options.onProgress(`unpacking ${path}`))
      await checkDatabaseIn(join(stage, 'data'), options.databaseFile)
      await adoptOwner(stage, folder.path)
      const aside = await swap({ ...options, archive: resolve(options.archive), folder: folder.path, stage, occupants })
      return { manifest, aside, outside: outsideOf(manifest, folder.path) }
    } finally {
      await rm(stage, { recursive: true, force: true })
    }
  } finally {
    await folder.close()
  }
}

/** @throws StartError when a restore into this folder was cut short */
export async function refuseUnfinishedRestore(dataDir: string): Promise<void> {
  const archive = await readFile(join(dataDir, UNFINISHED), 'utf8').catch(() => undefined)
  if (archive === undefined) return
  throw new StartError(
    `a restore into ${dataDir} was cut short, the folder is neither the old one nor the new one. ` +
      `Run it again: rportd restore ${archive.trim()} --force --data-dir ${dataDir}`,
  )
}

async function occupantsOf(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  const isOurs = (name: string) =>
    name.startsWith(ASIDE) || name.startsWith(STAGE) || name === 'lost+found' || /^\..+\.lock(?:\..*)?$/.test(name)
  return names.filter((name) => !isOurs(name)).sort()
}

const occupied = (folder: string, names: readonly string[]): StartError =>
  new StartError(
    `${folder} is not empty (${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}): ` +
      'restore into another folder with --data-dir, or put what is there aside with --force; nothing is deleted',
  )

/** Of restores that were killed; the mark stays. */
async function removeStages(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(STAGE) && name !== UNFINISHED) await rm(join(folder, name), { recursive: true, force: true })
  }
}

async function checkDatabaseIn(folder: string, name: string): Promise<void> {
  const file = join(folder, name)
  const found = await stat(file).catch(() => undefined)
  if (!found) return // its users and clients are kept elsewhere, or it never started
  await checkDatabase(file)
  for (const suffix of ['-wal', '-shm']) await rm(`${file}${suffix}`, { force: true })
}

/** Root restores for somebody else: the files belong to whom the folder belongs to. */
async function adoptOwner(stage: string, folder: string): Promise<void> {
  const { uid, gid } = await stat(folder)
  if (process.geteuid?.() !== 0 || uid === 0) return
  for (const name of ['.', ...(await readdir(stage, { recursive: true }))]) await chown(join(stage, name), uid, gid)
}

interface Swap {
  readonly folder: string
  readonly stage: string
  readonly occupants: readonly string[]
  readonly now: number
  readonly archive: string
}

/** The two rounds of renaming, under the mark. @returns the folder with the old files */
async function swap({ folder, stage, occupants, now, archive }: Swap): Promise<string | undefined> {
  const mark = join(folder, UNFINISHED)
  const aside = join(folder, `${ASIDE}${new Date(now).toISOString().replace(/[-:]|\.\d+Z$/g, '')}`)
  await writeFileAtomic(mark, `${archive}\n`, { mode: 0o600 })
  if (occupants.length > 0) {
    const { mode, uid, gid } = await lstat(folder)
    await mkdir(aside, { mode: mode & 0o777 })
    if (process.geteuid?.() === 0) await chown(aside, uid, gid)
    for (const name of occupants) await rename(join(folder, name), join(aside, name))
  }
  for (const name of await readdir(join(stage, 'data')).catch(() => [])) {
    await rename(join(stage, 'data', name), join(folder, name))
  }
  const outside = await stat(join(stage, 'outside')).catch(() => undefined)
  if (outside) await rename(join(stage, 'outside'), join(folder, RESTORED))
  await syncFolder(folder)
  await unlink(mark)
  await syncFolder(folder)
  return occupants.length > 0 ? aside : undefined
}

function outsideOf(manifest: Manifest, folder: string): Restored['outside'] {
  const names = outsideNames(manifest)
  return manifest.files.flatMap((file) =>
    file.place === 'outside'
      ? [{ was: file.path, isNow: join(folder, RESTORED, names.get(file) ?? ''), purpose: file.purpose }]
      : [],
  )
}

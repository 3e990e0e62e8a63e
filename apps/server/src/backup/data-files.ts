import { open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { errorCode } from '@rport/kit'
import { isInsidePath } from './manifest.ts'
import { visible } from './visible.ts'

/** Begins the name of folders that hold what a restore has put aside. */
export const ASIDE = 'before-restore-'
/** Folder with the files of an archive that lay outside the data folder. */
export const RESTORED = 'restored'
/** Begins the name of the folder in which a restore unpacks, and of its mark. */
export const STAGE = '.restore-'
/** There while a restore puts files into place: until it is gone, the folder is neither the old nor the new one. */
export const UNFINISHED = '.restore-unfinished'

const SQLITE_MAGIC = 'SQLite format 3\0'
/** Deep enough for everything that a server makes. */
const MAX_DEPTH = 8

/** A file of a data folder. */
export interface DataFile {
  /** Below the data folder, with `/`. */
  readonly path: string
  readonly isDatabase: boolean
}

/** What was found, and what is there but no file. */
export interface DataFiles {
  readonly files: readonly DataFile[]
  readonly strange: readonly string[]
}

/**
 * Everything in a data folder that a server would miss: no locks, nothing half-written, no logs, nothing that an earlier restore
 * has put aside. Sorted, databases first: files that belong to rows of a database are written before their rows.
 * @param logs  log files of the settings; those that were put aside belong to them
 */
export async function listDataFiles(dataDir: string, logs: readonly string[]): Promise<DataFiles> {
  const isLog = (file: string) =>
    logs.some((log) => dirname(resolve(log)) === dirname(file) && isLogName(basename(file), basename(log)))
  const files: DataFile[] = []
  const strange: string[] = []
  const visit = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const file = join(folder, entry.name)
      const path = relative(dataDir, file).replaceAll('\\', '/')
      if (isPassing(entry.name, depth) || isLog(file)) continue
      if (entry.isDirectory() && depth < MAX_DEPTH) await visit(file, depth + 1)
      else if (!isInsidePath(path)) strange.push(visible(path))
      else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(file)))) {
        files.push({ path, isDatabase: await isDatabase(file) })
      } else strange.push(path)
    }
  }
  await visit(dataDir, 0)
  files.sort((a, b) => Number(b.isDatabase) - Number(a.isDatabase) || (a.path < b.path ? -1 : 1))
  return { files, strange: strange.sort() }
}

/** What comes and goes with a process, or with a restore. */
const isPassing = (name: string, depth: number): boolean =>
  /^\..+\.lock$|^\..*\.tmp$|-wal$|-shm$|-journal$/.test(name) ||
  (depth === 0 && (name.startsWith(ASIDE) || name.startsWith(STAGE) || name === RESTORED || name === 'lost+found'))

const isLogName = (name: string, log: string): boolean =>
  name === log || (name.startsWith(`${log}.`) && /^\d+(?:\.gz)?$/.test(name.slice(log.length + 1)))

const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() === true

/** Whether it is a SQLite database: those are copied by SQLite itself, because a plain copy of one that is written to is damaged. */
export async function isDatabase(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (!handle) return false
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SQLITE_MAGIC.length), 0, SQLITE_MAGIC.length, 0)
    return bytesRead === SQLITE_MAGIC.length && buffer.toString('latin1') === SQLITE_MAGIC
  } finally {
    await handle.close()
  }
}

import { randomBytes } from 'node:crypto'
import { mkdir, readdir, stat, unlink, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { type Clock, errorCode, errorMessage, MS_PER_MINUTE, systemClock } from '@rport/kit'
import { LEFTOVER } from './atomic-file.ts'
import { lockFolder } from './folder-lock.ts'
import { StartError } from './start-error.ts'

/** Younger ones may belong to a process that is just starting and will be told that the folder is in use. */
const LEFTOVER_AGE_MS = MS_PER_MINUTE

export interface DataFolderOptions {
  /** Who takes the folder: `rportd`, `rport`. Named to the next one who wants it. */
  program: string
  clock?: Clock
}

/** A folder that this process has for itself until `close`. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string
  /** Whether it was made just now: a first start. */
  readonly isNew: boolean
  /** Gives the folder back. Idempotent. */
  close(): Promise<void>
}

/**
 * Makes the folder with its parents (0700) or takes it as it is: permissions of an existing one are never changed.
 * Removes what an earlier process left half-written, and keeps other processes out until `close`.
 * @throws StartError when it is a file, cannot be made or written, or another process has it
 */
export async function openDataFolder(path: string, options: DataFolderOptions): Promise<DataFolder> {
  const folder = resolve(path)
  const isNew = await make(folder)
  await checkWritable(folder)
  const lock = await lockFolder(folder, options.program)
  await removeLeftovers(folder, (options.clock ?? systemClock).now() - LEFTOVER_AGE_MS)
  return { path: folder, isNew, close: lock.release }
}

async function make(folder: string): Promise<boolean> {
  try {
    return (await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined
  } catch (error) {
    if (errorCode(error) === 'EEXIST' || errorCode(error) === 'ENOTDIR') {
      throw new StartError(
        `the data folder ${folder} cannot be used: a part of that path is a file. Set data_dir to a folder.`,
      )
    }
    throw new StartError(`cannot make the data folder ${folder}: ${errorMessage(error)}. ${await adviceFor(folder)}`)
  }
}

/** Permissions alone do not tell: the file system may be full, or mounted read-only. */
async function checkWritable(folder: string): Promise<void> {
  const probe = join(folder, `.probe.${randomBytes(8).toString('hex')}.tmp`)
  try {
    await writeFile(probe, 'x', { flag: 'wx', mode: 0o600 })
    await unlink(probe)
  } catch (error) {
    throw new StartError(
      `the data folder ${folder} cannot be written: ${errorMessage(error)}. ${await adviceFor(folder, errorCode(error))}`,
    )
  }
}

async function adviceFor(folder: string, code?: string): Promise<string> {
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return 'Make room on that disk, or set data_dir to a folder on another one.'
  if (code === 'EROFS') return 'Mount that file system writable, or set data_dir to a folder on another one.'
  const found = await stat(folder).catch(() => undefined)
  const owner = found ? `It belongs to uid ${found.uid} with mode 0${(found.mode & 0o777).toString(8)}; ` : ''
  const we = currentUser()
  return `${owner}this process runs as ${we}. Run "chown -R ${we.split(' ')[0]} ${folder}", or set data_dir to a folder of its own.`
}

function currentUser(): string {
  const uid = process.geteuid?.()
  try {
    return uid === undefined ? userInfo().username : `${userInfo().username} (uid ${uid})`
  } catch {
    return `${uid}` // containers run under numbers that no file names
  }
}

async function removeLeftovers(folder: string, writtenBefore: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!LEFTOVER.test(name)) continue
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (found && found.mtimeMs < writtenBefore) await unlink(path).catch(() => undefined) // clutter is worth no failed start
  }
}

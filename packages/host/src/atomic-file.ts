import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode, type Logger, Secret } from '@rport/kit'
import { StartError } from './start-error.ts'

/** Largest file that may hold one secret, in bytes. */
const MAX_SECRET_BYTES = 65_536
const READABLE_BY_OTHERS = 0o077

export interface WriteFileOptions {
  /** Permissions of the file, whatever the umask says: 0o600 for what holds secrets. */
  mode: number
  /** An existing file keeps its permissions: for files that belong to the administrator. */
  keepExistingMode?: boolean
}

/** What a writer leaves behind when it is killed half-way: `.<name>.<16 hex digits>.tmp` beside the file. */
export const LEFTOVER = /^\..+\.[0-9a-f]{16}\.tmp$/

/**
 * Replaces a file as a whole: whoever reads it, at any moment and after any crash, finds the old content or the new one.
 * A symbolic link is followed; owner and group of an existing file are kept where the system allows it.
 * @throws the error of the file system; the old file is untouched then
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: WriteFileOptions,
): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const existing = await stat(target).catch(() => undefined)
  const mode = options.keepExistingMode && existing ? existing.mode & 0o777 : options.mode
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(8).toString('hex')}.tmp`)
  const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    await fill(file, data, mode, existing)
    await rename(temporary, target)
  } catch (error) {
    await unlink(temporary).catch(() => undefined) // the first error is the one that counts
    throw error
  }
  await syncFolder(dirname(target))
}

async function fill(
  file: FileHandle,
  data: string | Uint8Array,
  mode: number,
  owner: { uid: number; gid: number } | undefined,
): Promise<void> {
  try {
    await file.writeFile(data)
    // Only root may give files away; for everybody else the owner is right already.
    if (owner && process.geteuid?.() === 0) await file.chown(owner.uid, owner.gid)
    await file.chmod(mode)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A rename is on the disk only when its folder is. Windows and some network file systems know no such call: no error then. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY).catch(() => undefined)
  if (!folder) return
  try {
    await folder.sync().catch(() => undefined)
  } finally {
    await folder.close()
  }
}

/**
 * Reads a file that holds one secret; a line end at its end is not part of it. Warns when others may read the file.
 * @returns undefined when there is no such file
 * @throws  StartError when it is empty or too large; else the error of the file system
 */
export async function readSecretFile(path: string, { log }: { log: Logger }): Promise<Secret | undefined> {
  const found = await stat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (!found) return undefined
  if (found.size > MAX_SECRET_BYTES) {
    throw new StartError(`${path} has ${found.size} bytes: a secret file may have ${MAX_SECRET_BYTES} at most`)
  }
  const text = (await readFile(path, 'utf8')).replace(/\r?\n$/, '')
  if (text === '') throw new StartError(`${path} is empty: write the secret into it, or remove it to get a new one`)
  if (process.platform !== 'win32' && (found.mode & READABLE_BY_OTHERS) !== 0) {
    log.warn({ path, fix: `chmod 600 ${path}` }, 'secret file can be read by other users')
  }
  return new Secret(text)
}

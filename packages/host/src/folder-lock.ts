import { randomBytes } from 'node:crypto'
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '@rport/kit'
import { identify, isStillRunning, type ProcessIdentity } from './process-identity.ts'
import { StartError } from './start-error.ts'

/** Named after the program: server and agent of one machine share the original's default folder. */
const lockName = (program: string): string => `.${program}.lock`
/** Two starters may take turns at removing a dead lock; more turns than this mean that something else is wrong. */
const MAX_ATTEMPTS = 5

/** Held until `release`, which is idempotent. */
export interface FolderLock {
  release(): Promise<void>
}

/**
 * Takes a folder for this process alone. A lock whose process is gone (kill -9, power cut) is replaced.
 * @throws StartError naming the process that has the folder
 */
export async function lockFolder(folder: string, program: string, pid = process.pid): Promise<FolderLock> {
  const path = join(folder, lockName(program))
  const own = JSON.stringify({ program, ...(await identify(pid)) })
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (await place(path, own)) return { release: () => release(path, own) }
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const holder = parseHolder(text)
    if (holder && (await isStillRunning(holder))) throw inUse(folder, path, holder)
    await discard(path, text)
  }
  throw new StartError(`cannot lock the data folder ${folder}: ${path} keeps coming back. Is another program starting?`)
}

/** The process that has a folder now, without taking it: `rportd` or `rport`. @returns its id */
export async function findFolderHolder(folder: string, program: string): Promise<number | undefined> {
  const text = await readFile(join(folder, lockName(program)), 'utf8').catch(() => undefined)
  const holder = text === undefined ? undefined : parseHolder(text)
  return holder && (await isStillRunning(holder)) ? holder.pid : undefined
}

interface Holder extends ProcessIdentity {
  readonly program: string
}

/** The lock appears with its content or not at all: it is written elsewhere and linked to its name. */
async function place(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomBytes(8).toString('hex')}.tmp`
  await writeFile(draft, text, { flag: 'wx', mode: 0o600 })
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    return await placeWithoutLink(path, text)
  } finally {
    await unlink(draft)
  }
}

/** For file systems without hard links (FAT, some network shares). */
async function placeWithoutLink(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Removes the dead lock that held `text`. Another starter may have replaced it meanwhile: then what was moved away is
 * alive, and is put back.
 */
async function discard(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomBytes(8).toString('hex')}.tmp`
  try {
    await rename(path, aside)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    throw error
  }
  const moved = await readFile(aside, 'utf8')
  if (moved !== text) await link(aside, path).catch(() => undefined) // a third starter was faster: the next turn meets it
  await unlink(aside)
}

async function release(path: string, own: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === own) await unlink(path).catch(() => undefined) // the folder may be gone altogether
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { program, pid, startedAt, world } = JSON.parse(text) as Partial<Holder>
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined
    return { program: String(program ?? 'a program'), pid, startedAt: startedAt ?? '', world: world ?? '' }
  } catch {
    return undefined // a lock that a crash cut short belongs to nobody
  }
}

const inUse = (folder: string, path: string, holder: Holder): StartError =>
  new StartError(
    `the data folder ${folder} is in use by ${holder.program} with process id ${holder.pid} (${path}). ` +
      'Stop that process, or give this one another folder with --data-dir.',
  )

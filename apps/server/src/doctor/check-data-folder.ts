import type { Stats } from 'node:fs'
import { access, constants, readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '@rport/host'
import { errorCode, errorMessage, MS_PER_HOUR } from '@rport/kit'
import { refuseUnfinishedRestore } from '../backup/index.ts'
import { type Check, fail, ok, warn } from './examination.ts'

const CHECK = 'data folder'
const READABLE_BY_OTHERS = 0o077
/** Below that a busy day may fill the disk. */
const LITTLE_SPACE_BYTES = 200 * 1024 * 1024

/** Is the folder there, ours, writable, private, whole, and is there room? */
export const checkDataFolder: Check = async ({ dataDir, serverPid, clock }) => {
  let found: Stats
  try {
    found = await stat(dataDir)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [ok(CHECK, `${dataDir} is not there yet: the first start makes it`)]
    return [fail(CHECK, `${dataDir} cannot be read: ${errorMessage(error)}`, runAsServer)]
  }
  const { mode, uid } = found
  if (!found.isDirectory()) return [fail(CHECK, `${dataDir} is no folder`, 'set data_dir in [server] to a folder')]
  const findings: Finding[] = []
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const fix = `chown -R it to the user of the server; it belongs to the user with the number ${uid}`
    return [fail(CHECK, `${dataDir} cannot be used by this user: ${errorMessage(error)}`, fix)]
  }
  try {
    await refuseUnfinishedRestore(dataDir)
  } catch (error) {
    findings.push(fail(CHECK, errorMessage(error), 'the message says how'))
  }
  if ((mode & READABLE_BY_OTHERS) !== 0) {
    findings.push(warn(CHECK, `${dataDir} is open to other users of this machine`, `chmod 700 ${dataDir}`))
  }
  findings.push(...(await checkFiles(dataDir, uid, clock.now())), ...(await checkSpace(dataDir)))
  const who = serverPid === undefined ? 'no server runs on it' : `rportd runs on it with process id ${serverPid}`
  return [ok(CHECK, `${dataDir}, ${who}`), ...findings]
}

const runAsServer = 'run this as the user of the server: sudo -u rport rportd doctor …'

async function checkFiles(dataDir: string, folderUid: number, now: number): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const entry of await readdir(dataDir, { withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(dataDir, entry.name)
    const found = await stat(file).catch(() => undefined)
    if (!found) continue // files come and go
    if (isSecret(entry.name) && (found.mode & READABLE_BY_OTHERS) !== 0) {
      findings.push(warn(CHECK, `${file} can be read by other users of this machine`, `chmod 600 ${file}`))
    }
    if (found.uid !== folderUid) {
      const detail = `${file} belongs to another user than its folder: the server may not be able to write it`
      findings.push(fail(CHECK, detail, `chown ${folderUid} ${file}`))
    }
    if (found.mtimeMs > now + MS_PER_HOUR) {
      const fix = 'set the clock: sessions, bans and certificates depend on it'
      findings.push(warn('clock', `${file} was written in the future: the clock was set back`, fix))
    }
  }
  return findings
}

const isSecret = (name: string): boolean =>
  /^(?:key_seed|jwt_secret|audit_key\.pem|first-start\.txt|.*\.db)$/.test(name)

async function checkSpace(dataDir: string): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(dataDir)
  const free = bavail * bsize
  const detail = `${Math.floor(free / 1_000_000)} MB are free in ${dataDir}`
  if (free >= LITTLE_SPACE_BYTES) return [ok('disk', detail)]
  return [warn('disk', detail, 'make room: a server whose disk is full answers with errors until there is some')]
}

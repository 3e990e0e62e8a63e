import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from '@rport/host'
import { errorCode } from '@rport/kit'
import { DATABASE_FILE } from '../compose-stores.ts'

/**
 * For commands that write to a data folder: files that another user makes in it could keep the server out of it.
 * @throws  StartError when there is no database in it, or when it belongs to another user
 */
export async function requireOwnFolder(dataDir: string, command: string): Promise<void> {
  const uid = process.geteuid?.()
  const found = await stat(join(dataDir, DATABASE_FILE)).catch((error: unknown) => {
    const reason = errorCode(error) === 'EACCES' ? 'it may not be read by this user' : 'start rportd once first'
    throw new StartError(
      `there is no database of a server in ${dataDir}: ${reason}, or name the folder with --data-dir`,
    )
  })
  if (uid === undefined || found.uid === uid) return
  throw new StartError(
    `${dataDir} belongs to the user with the number ${found.uid}: run this as that user, "sudo -u '#${found.uid}' rportd ${command} …"`,
  )
}

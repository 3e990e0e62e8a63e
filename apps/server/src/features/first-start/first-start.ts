import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ADMINISTRATORS } from '@rport/api'
import { readSecretFile, writeFileAtomic } from '@rport/host'
import { errorCode, type Logger } from '@rport/kit'
import type { Passwords } from '../../passwords/index.ts'
import type { EmbeddedClientAuths } from '../clients-auth/index.ts'
import type { EmbeddedUsers } from '../users/index.ts'
import { type FirstSecrets, parseNote, renderNote, type ServerAddresses } from './first-start-note.ts'
import { randomSecret } from './random-secret.ts'

export interface FirstStartDeps {
  /** Undefined when users are not kept in our own tables. */
  readonly users: Pick<EmbeddedUsers, 'isEmpty' | 'create' | 'find'> | undefined
  /** Undefined when credentials are not kept in our own table. */
  readonly clientAuths: Pick<EmbeddedClientAuths, 'isEmpty' | 'create' | 'verify'> | undefined
  readonly passwords: Passwords
  readonly dataDir: string
  readonly server: ServerAddresses
  readonly log: Logger
}

/** Secrets that wait to be seen by somebody. */
export interface UnseenSecrets {
  /** What to show: credentials and the line that starts an agent. A secret as a whole: never for the log. */
  readonly note: string
  /** The file that holds the note, mode 0600, for when there is nobody to show it to. */
  readonly file: string
  /** The note was shown: removes the file. Idempotent. */
  seen(): Promise<void>
}

const ADMIN_NAME = 'admin'
const CLIENT_AUTH_ID = 'clientAuth1'
const FILE_NAME = 'first-start.txt'

/**
 * Makes the first administrator and the first credential for agents where our own stores are empty.
 * The note is on the disk before the first row is, so that a server that is killed in between continues with the same
 * secrets at its next start, and nobody is locked out of a server whose password was never shown.
 * @returns undefined when there is nothing that anybody has still to see
 */
export async function prepareFirstStart(deps: FirstStartDeps): Promise<UnseenSecrets | undefined> {
  const { users, clientAuths, passwords, dataDir, server, log } = deps
  const file = join(dataDir, FILE_NAME)
  const kept = await readSecretFile(file, { log })
  const unseen = kept === undefined ? undefined : parseNote(kept.reveal())
  const secrets: FirstSecrets = {
    admin: await secretOf(users, unseen?.admin, ADMIN_NAME, isStillAdmin),
    clientAuth: await secretOf(clientAuths, unseen?.clientAuth, CLIENT_AUTH_ID, isStillClientAuth),
  }
  const seen = () => removeFile(file)
  if (!secrets.admin && !secrets.clientAuth) {
    if (kept !== undefined) await seen()
    return undefined
  }
  const note = renderNote(secrets, server)
  if (note.trimEnd() !== kept?.reveal().trimEnd()) await writeFileAtomic(file, note, { mode: 0o600 })
  await createMissing(secrets)
  return { note, file, seen }

  /** A new secret for an empty store; a kept one as long as it is true and unseen. */
  async function secretOf(
    store: { isEmpty(): Promise<boolean> } | undefined,
    earlier: FirstSecrets['admin'],
    name: string,
    isStillTrue: (secret: { name: string; password: string }) => Promise<boolean>,
  ) {
    if (!store) return undefined
    if (await store.isEmpty()) return earlier ?? { name, password: randomSecret() }
    return earlier && (await isStillTrue(earlier)) ? earlier : undefined
  }

  async function isStillAdmin({ name, password }: { name: string; password: string }): Promise<boolean> {
    const user = await users?.find(name)
    return user !== undefined && passwords.verify(user.password, password, 'argon2id')
  }

  async function isStillClientAuth({ name, password }: { name: string; password: string }): Promise<boolean> {
    return (await clientAuths?.verify(name, password)) === true
  }

  async function createMissing({ admin, clientAuth }: FirstSecrets): Promise<void> {
    if (users && admin && (await users.isEmpty())) {
      const password = await passwords.hash(admin.password, 'argon2id')
      await users.create({
        username: admin.name,
        password,
        groups: [ADMINISTRATORS],
        passwordExpired: false,
        twoFaSendTo: '',
      })
      log.info({ username: admin.name }, 'first administrator made')
    }
    if (clientAuths && clientAuth && (await clientAuths.isEmpty())) {
      await clientAuths.create(clientAuth.name, clientAuth.password, 'generated')
      log.info({ clientAuthId: clientAuth.name }, 'first agent credential made')
    }
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error // somebody read and removed it already
  }
}

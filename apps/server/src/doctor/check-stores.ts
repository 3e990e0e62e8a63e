import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '@rport/host'
import { errorCode, errorMessage } from '@rport/kit'
import { DATABASE_FILE } from '../compose-stores.ts'
import { checkDatabase, DatabaseError, type ExternalDatabase, openExternalDatabase } from '../db/index.ts'
import { readAuditKey } from '../features/auditlog/index.ts'
import { openFileClientAuths, openTableClientAuths } from '../features/clients-auth/index.ts'
import { openFileUsers, openTableUsers } from '../features/users/index.ts'
import { type Check, fail, ok, type Patient, warn } from './examination.ts'

/** The server's own database: whole, and known to this version? */
export const checkOwnDatabase: Check = async ({ dataDir, log }) => {
  const file = join(dataDir, DATABASE_FILE)
  try {
    await stat(file)
    await checkDatabase(file)
    await readAuditKey({ dataDir, log })
    return [ok('database', `${file} is whole`)]
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [ok('database', `${file} is not there yet: the first start makes it`)]
    if (error instanceof DatabaseError && error.failure === 'half-written') {
      return [warn('database', errorMessage(error), 'start the server')]
    }
    const isOutOfReach =
      errorCode(error) === 'EACCES' || (error instanceof DatabaseError && error.failure === 'unreachable')
    const fix = isOutOfReach
      ? 'run this as the user of the server: sudo -u rport rportd doctor …'
      : 'rportd restore ARCHIVE --force puts back what "rportd backup" has saved'
    return [fail('database', errorMessage(error), fix)]
  }
}

/** Users and credentials that are kept elsewhere: can they be had and understood? */
export const checkStores: Check = async (patient) => {
  const { config, clock, log } = patient
  const findings: Finding[] = []
  const look = async (check: string, what: string, fix: string, open: () => Promise<unknown>) => {
    try {
      await open()
      findings.push(ok(check, what))
    } catch (error) {
      findings.push(fail(check, errorMessage(error), fix))
    }
  }
  const { source: clients, writable } = config.clientsAuth
  const { source: users, twoFactor, totp } = config.users
  if (clients.kind === 'file') {
    const { path } = clients
    const fix = 'mend the file; a running server goes on with the last good state'
    await look('agents', `${path} is understood`, fix, () => openFileClientAuths({ path, writable, clock, log }))
  }
  if (users.kind === 'file') {
    const { path } = users
    const fix = 'mend the file; a running server goes on with the last good state'
    await look('users', `${path} is understood`, fix, () => openFileUsers({ path, clock, log }))
  }
  if (config.database) {
    const database = await openDatabase(patient, findings)
    const fix = 'check the names of the table and its columns, and the rights of the database user'
    if (database && clients.kind === 'table') {
      const { table } = clients
      await look('agents', `table ${table} can be read`, fix, () => openTableClientAuths({ database, table, writable }))
    }
    if (database && users.kind === 'tables') {
      const withTwoFaSendTo = twoFactor.delivery !== undefined
      await look('users', `table ${users.userTable} can be read`, fix, () =>
        openTableUsers({ ...users, database, withTwoFaSendTo, withTotpSecret: totp.enabled, log }),
      )
    }
    await database?.close()
  }
  if (config.clientsAuth.anonymous) {
    const fix = 'remove insecure_no_auth from [server] and give agents credentials'
    findings.push(warn('agents', 'agents without credentials are let in', fix))
  }
  return findings
}

async function openDatabase(
  { config, clock, log }: Patient,
  findings: Finding[],
): Promise<ExternalDatabase | undefined> {
  if (!config.database) return undefined
  const check = '[database]'
  try {
    const database = await openExternalDatabase(config.database, { clock, log })
    findings.push(ok(check, `${config.database.kind} answers`))
    return database
  } catch (error) {
    findings.push(fail(check, errorMessage(error), 'check db_host, db_user, db_password and db_name in [database]'))
    return undefined
  }
}

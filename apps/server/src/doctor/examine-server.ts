import { resolve } from 'node:path'
import { type Finding, findFolderHolder } from '@rport/host'
import { type Clock, errorMessage, type Logger, MS_PER_SECOND } from '@rport/kit'
import type { LoadedServerConfig } from '../config/index.ts'
import { checkCertificates } from './check-certificates.ts'
import { checkDataFolder } from './check-data-folder.ts'
import { checkListeners } from './check-listeners.ts'
import { checkMachine } from './check-machine.ts'
import { checkSettings } from './check-settings.ts'
import { checkOwnDatabase, checkStores } from './check-stores.ts'
import { checkUrls } from './check-urls.ts'
import { type Check, fail, ok, warn } from './examination.ts'

const CHECKS: readonly (readonly [string, Check])[] = [
  ['settings', checkSettings],
  ['data folder', checkDataFolder],
  ['database', checkOwnDatabase],
  ['stores', checkStores],
  ['ports', checkListeners],
  ['certificates', checkCertificates],
  ['addresses', checkUrls],
  ['machine', checkMachine],
]
/** A check that waits longer than this waits for something that does not come. */
const PATIENCE_MS = 30 * MS_PER_SECOND

/**
 * Looks at everything that a server with these settings needs. Changes nothing, also beside a running server.
 * @returns findings in the order in which somebody would look; wrong settings are the only finding then
 */
export async function examineServer(
  loaded: LoadedServerConfig,
  deps: { readonly clock: Clock; readonly log: Logger },
): Promise<readonly Finding[]> {
  if (loaded.kind === 'faults') {
    return loaded.faults.map(({ message, where, fix }) =>
      fail('configuration', where === undefined ? message : `${message} (${where})`, fix ?? 'see rportd --help'),
    )
  }
  if (loaded.kind === 'print') return []
  const { config, notices } = loaded
  const dataDir = resolve(config.dataDir)
  const serverPid = await findFolderHolder(dataDir, 'rportd')
  const patient = { config, dataDir, serverPid, ...deps }
  const findings: Finding[] = [ok('configuration', config.file ?? 'no file: flags, environment and defaults')]
  for (const { level, message, fields } of notices) {
    if (level !== 'warn') continue
    const facts = Object.entries(fields).map(([name, value]) => `${name} ${value}`)
    findings.push(warn('configuration', [message, ...facts].join(', '), 'see docs/manual/rportd-config.md'))
  }
  for (const [name, check] of CHECKS) findings.push(...(await inTime(name, deps.clock, check(patient))))
  return findings
}

/** What goes wrong inside a check is a finding, too. */
function inTime(name: string, clock: Clock, work: Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  return new Promise((resolve) => {
    const giveUp = (why: string) =>
      resolve([fail(name, `it could not be looked at: ${why}`, 'run this as the user of the server')])
    const timer = clock.setTimeout(() => giveUp('it takes too long'), PATIENCE_MS)
    work.then(resolve, (error: unknown) => giveUp(errorMessage(error))).finally(() => timer.cancel())
  })
}

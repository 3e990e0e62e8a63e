import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { StartError } from '@rport/host'
import { systemClock } from '@rport/kit'
import { DATABASE_FILE } from '../compose-stores.ts'
import { openDatabase, openDatabaseForReading } from '../db/index.ts'
import {
  createOfflineLog,
  createOfflineRecorder,
  importOriginal,
  type OfflineLog,
  toLine,
  toSyslogLine,
} from '../features/auditlog/index.ts'
import { atTerminal } from './at-terminal.ts'
import type { Command, CommandDeps } from './command.ts'
import { requireOwnFolder } from './own-folder.ts'

const USAGE = `Usage: rportd audit verify [--allow-missing-archives] [-c FILE]
       rportd audit export [--format json|syslog] [--from NUMBER] [-c FILE]
       rportd audit import AUDITLOG.DB [-c FILE]

verify   checks that nobody changed, added or removed entries of the audit log. Exit code 1: somebody did, or an archive is missing.
export   writes the entries, archives included, as lines of JSON or as syslog lines (RFC 5424).
import   adds the entries of an audit log of the original (auditlog.db, or an archive of it). They are chained from then on and marked as
         imported; what was imported before is not imported again. Run it as the user that rportd runs as.
All work beside a running server. All flags of the server are understood, too: -c, --data-dir …
`

interface AuditFlags {
  readonly allowMissingArchives: boolean
  readonly format: 'json' | 'syslog'
  readonly from: number
  /** Flags of the server. */
  readonly rest: readonly string[]
}

/** `rportd audit …`: the audit log of a data folder, without the API. */
export const auditCommand: Command = {
  name: 'audit',
  usage: USAGE,
  async run([verb, ...words], deps) {
    if (verb === 'import') return importFile(words, deps)
    const flags = readFlags(words)
    const work = verb === 'verify' ? verify : verb === 'export' ? exportRows : undefined
    if (!work || typeof flags === 'string') {
      deps.complain(typeof flags === 'string' ? `rportd audit: ${flags}\n\n${USAGE}` : USAGE)
      return 2
    }
    const dataDir = resolve(deps.settings(flags.rest).dataDir)
    const database = await openDatabaseForReading(join(dataDir, DATABASE_FILE))
    try {
      return await work(createOfflineLog({ read: database.read, dataDir, log: deps.log }), flags, deps)
    } finally {
      database.close()
    }
  },
}

function readFlags(words: readonly string[]): AuditFlags | string {
  let allowMissingArchives = false
  let format: AuditFlags['format'] = 'json'
  let from = 1
  const rest: string[] = []
  const queue = [...words]
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--allow-missing-archives') allowMissingArchives = true
    else if (word === '--format') {
      const value = queue.shift()
      if (value !== 'json' && value !== 'syslog') return `--format is "${value ?? ''}", expected json or syslog`
      format = value
    } else if (word === '--from') {
      const value = queue.shift() ?? ''
      if (!/^[1-9]\d{0,14}$/.test(value)) return `--from is "${value}", expected the number of an entry`
      from = Number(value)
    } else rest.push(word)
  }
  return { allowMissingArchives, format, from, rest }
}

async function verify(log: OfflineLog, flags: AuditFlags, { print, complain }: CommandDeps): Promise<number> {
  const result = await log.verify()
  for (const fault of result.faults) complain(`${fault}\n`)
  for (const file of result.missingArchives) complain(`archive ${file} is missing: its entries were not checked\n`)
  await print(
    `${result.rows} entries checked, the last is ${result.end.seq} with hash ${result.end.hash || '(none)'}\n` +
      `${result.signedHeads} signatures checked, key ${result.keyFingerprint ?? '(none)'}\n`,
  )
  const isFine = result.faults.length === 0 && (flags.allowMissingArchives || result.missingArchives.length === 0)
  await print(isFine ? 'The audit log is whole.\n' : 'THE AUDIT LOG IS NOT WHOLE.\n')
  return isFine ? 0 : 1
}

async function exportRows(log: OfflineLog, { format, from }: AuditFlags, { print }: CommandDeps): Promise<number> {
  const host = hostname()
  for await (const row of log.rows(from)) {
    await print(`${format === 'json' ? toLine(row) : toSyslogLine(row, host)}\n`)
  }
  return 0
}

async function importFile([file, ...rest]: readonly string[], deps: CommandDeps): Promise<number> {
  if (file === undefined || file.startsWith('-')) {
    deps.complain(`rportd audit import: name the file to import\n\n${USAGE}`)
    return 2
  }
  const { dataDir, audit } = deps.settings(rest)
  if (!audit.enabled) throw new StartError('[api] enable_audit_log: the audit log is switched off; switch it on first')
  await requireOwnFolder(dataDir, 'audit import')
  const { log, progress } = deps
  const db = await openDatabase({ file: join(resolve(dataDir), DATABASE_FILE), clock: systemClock, log })
  try {
    const by = { by: 'rportd audit import', ...(await atTerminal()) }
    const recorder = createOfflineRecorder({ db, enabled: true, by, clock: systemClock, log })
    const onProgress = (done: number, all: number) => progress(`${done} of ${all} entries`)
    const { obfuscateAddresses } = audit
    const count = await importOriginal({ db, file, obfuscateAddresses, recorder, onProgress, clock: systemClock, log })
    progress('')
    await deps.print(
      count > 0
        ? `${count} ${count === 1 ? 'entry' : 'entries'} imported from ${file}\n`
        : `${file} holds nothing that was not imported before\n`,
    )
    return 0
  } finally {
    await db.close()
  }
}

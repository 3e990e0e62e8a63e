import { stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { StartError } from '@rport/host'
import { errorCode, errorMessage, systemClock } from '@rport/kit'
import { planBackup, refuseUnfinishedRestore, visible, writeArchive } from '../backup/index.ts'
import { DATABASE_FILE } from '../compose-stores.ts'
import type { ServerConfig } from '../config/index.ts'
import type { Command } from './command.ts'
import { parseCommandLine } from './command-line.ts'

const USAGE = `Usage: rportd backup [--out FILE] [--force] [-c FILE]

Writes everything that the server needs into one archive: its data folder with the database as it is at this moment, the
configuration, and files with credentials that it names. Works beside a running server.

  -c, --config FILE     the configuration of the server
      --data-dir DIR    its data folder, when there is no configuration
      --out FILE        the archive; rportd-backup-<date>-<time>.tar.gz in this folder unless told otherwise
      --force           replace the archive if it is there already

The archive holds keys and hashes of passwords: keep it like the server itself. Run it as the user that rportd runs as:
  sudo -u rport rportd backup -c /etc/rport/rportd.conf --out /var/backups/rport.tar.gz
"rportd restore" puts it back.
`

const flags = { out: { type: 'string' }, force: { type: 'boolean' } } as const

/** `rportd backup`: one archive with everything. */
export const backupCommand: Command = {
  name: 'backup',
  usage: USAGE,
  async run(words, { settings, print, complain, progress, interruption }) {
    const line = parseCommandLine('backup', words, flags)
    if (line.wantsHelp) {
      await print(USAGE)
      return 0
    }
    const config = settings(line.serverArguments)
    const dataDir = resolve(config.dataDir)
    await requireDataFolder(dataDir)
    const now = systemClock.now()
    const out = resolve(line.flags.out ?? `rportd-backup-${stampOf(now)}.tar.gz`)
    requirePlaceOutside(out, dataDir)
    const plan = await planBackup(config).catch((error: unknown) => {
      throw errorCode(error) === 'EACCES' ? unreadable(error) : error
    })
    const { manifest, sizeBytes } = await writeArchive({
      ...plan,
      out,
      replace: line.flags.force === true,
      dataDir,
      createdAt: now,
      onProgress: progress,
      signal: interruption(),
    }).finally(() => progress(''))
    for (const { what, why } of manifest.leftOut) complain(`left out: ${visible(what)}: ${visible(why)}\n`)
    if (!hasKeySeed(config, manifest.files)) {
      complain('no key seed was found: if it is given to rportd by --key or RPORT_KEY, keep it with this archive\n')
    }
    await print(`${out}: ${manifest.files.length} files, ${sizeBytes} bytes\n`)
    return 0
  },
}

const unreadable = (error: unknown): StartError =>
  new StartError(`${errorMessage(error)}. Run this as the user that rportd runs as: sudo -u rport rportd backup …`)

const stampOf = (now: number): string =>
  new Date(now)
    .toISOString()
    .replace(/[-:]|\.\d+Z$/g, '')
    .replace('T', '-')

/** An empty archive would be taken for a backup until the day it is needed. */
async function requireDataFolder(dataDir: string): Promise<void> {
  try {
    if (!(await stat(dataDir)).isDirectory()) throw new StartError(`${dataDir} is no folder: name it with --data-dir`)
    await stat(join(dataDir, DATABASE_FILE))
  } catch (error) {
    if (error instanceof StartError) throw error
    const reason = errorCode(error) === 'EACCES' ? 'it may not be read by this user' : 'start rportd once first'
    throw new StartError(
      `there is no data of a server in ${dataDir}: ${reason}, or name the folder with --data-dir or -c`,
    )
  }
  await refuseUnfinishedRestore(dataDir)
}

function requirePlaceOutside(out: string, dataDir: string): void {
  const way = relative(dataDir, out)
  if (way.startsWith('..')) return
  throw new StartError(
    `the archive would lie inside the data folder ${dataDir} and be lost with it: choose another place with --out`,
  )
}

const hasKeySeed = (config: ServerConfig, files: readonly { path: string }[]): boolean =>
  config.agents.keySeed !== undefined || files.some(({ path }) => path === 'key_seed')

import { resolve } from 'node:path'
import { StartError } from '@rport/host'
import { systemClock } from '@rport/kit'
import { restoreArchive, visible } from '../backup/index.ts'
import { DATABASE_FILE } from '../compose-stores.ts'
import type { Command } from './command.ts'
import { parseCommandLine } from './command-line.ts'

const USAGE = `Usage: rportd restore ARCHIVE [--force] [--data-dir DIR | -c FILE]

Puts the data of an archive that "rportd backup" has made into a data folder. The archive is checked as a whole first. The server
must be stopped.

  -c, --config FILE     the configuration that names the data folder
      --data-dir DIR    the data folder itself
      --force           take a folder that is not empty: what is there is put aside in it, nothing is deleted

Files that lay outside the data folder (configuration, credentials) are put into its folder "restored": compare them, then put
them where they belong. Run it as the user that rportd runs as.
`

const flags = { force: { type: 'boolean' } } as const

/** `rportd restore`: an archive becomes a data folder again. */
export const restoreCommand: Command = {
  name: 'restore',
  usage: USAGE,
  async run(argv, { settings, print, progress }) {
    const line = parseCommandLine('restore', argv, flags, 1)
    if (line.wantsHelp) {
      await print(USAGE)
      return 0
    }
    const [archive] = line.words
    if (archive === undefined) throw new StartError('name the archive: rportd restore ARCHIVE')
    const dataDir = resolve(settings(line.serverArguments).dataDir)
    const { manifest, aside, outside } = await restoreArchive({
      archive: resolve(archive),
      dataDir,
      databaseFile: DATABASE_FILE,
      force: line.flags.force === true,
      now: systemClock.now(),
      onProgress: progress,
    }).finally(() => progress(''))
    await print(`${dataDir}: as it was at ${manifest.createdAt}, saved by rportd ${visible(manifest.version)}\n`)
    if (aside !== undefined) await print(`what was there before lies in ${aside}: remove it when you do not need it\n`)
    for (const { was, isNow, purpose } of outside) {
      await print(`${visible(purpose)}: compare, then  cp ${shown(isNow)} ${shown(was)}\n`)
    }
    for (const { what, why } of manifest.leftOut) await print(`not in the archive: ${visible(what)}: ${visible(why)}\n`)
    return 0
  },
}

/** For a shell, whatever an archive says. */
const shown = (path: string): string => {
  const plain = visible(path)
  return /^[\w./-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", `'\\''`)}'`
}

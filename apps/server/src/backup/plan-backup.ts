import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { errorMessage } from '@rport/kit'
import type { ServerConfig } from '../config/index.ts'
import { isDatabase, listDataFiles } from './data-files.ts'
import type { Manifest } from './manifest.ts'
import type { ArchiveSource } from './write-archive.ts'

/** What goes into an archive, and what does not. */
export interface BackupPlan {
  readonly sources: readonly ArchiveSource[]
  readonly leftOut: Manifest['leftOut']
}

/** Everything that a server with these settings needs: its data folder, and the files that the settings name. @throws the error of the file system */
export async function planBackup(config: ServerConfig): Promise<BackupPlan> {
  const dataDir = resolve(config.dataDir)
  const logs = [config.logging.file, config.api.accessLogFile].flatMap((file) => file ?? [])
  const { files, strange } = await listDataFiles(dataDir, logs)
  const sources: ArchiveSource[] = files.map(({ path, isDatabase }) => ({
    from: join(dataDir, path),
    isDatabase,
    file: { place: 'data', path },
  }))
  const leftOut = [
    ...strange.map((path) => ({ what: path, why: 'it is no file, or has a name that cannot be kept' })),
    ...leftOutOf(config),
  ]
  for (const { path, purpose } of outsideFiles(config)) {
    const from = resolve(path)
    if (files.some((file) => join(dataDir, file.path) === from)) continue
    try {
      await stat(from)
      sources.push({ from, isDatabase: await isDatabase(from), file: { place: 'outside', path: from, purpose } })
    } catch (error) {
      leftOut.push({ what: `${from} (${purpose})`, why: `it cannot be read: ${errorMessage(error)}` })
    }
  }
  return { sources, leftOut }
}

function outsideFiles({ file, clientsAuth, users, database }: ServerConfig): { path: string; purpose: string }[] {
  return [
    ...(file === undefined ? [] : [{ path: file, purpose: 'configuration' }]),
    ...(clientsAuth.source.kind === 'file' ? [{ path: clientsAuth.source.path, purpose: '[server] auth_file' }] : []),
    ...(users.source.kind === 'file' ? [{ path: users.source.path, purpose: '[api] auth_file' }] : []),
    ...(database?.kind === 'sqlite' ? [{ path: database.path, purpose: '[database] db_name' }] : []),
  ]
}

/** What a server needs, too, and what is better kept by whom it belongs to. */
function leftOutOf({ api, tunnels, vault, database }: ServerConfig): { what: string; why: string }[] {
  const { certFile, keyFile } = tunnels.proxy
  const tls = api.tls?.source
  const certificates = [...(tls?.kind === 'files' ? [tls.certFile, tls.keyFile] : []), certFile, keyFile]
  return [...new Set(certificates.flatMap((path) => path ?? []))]
    .map((path) => ({ what: path, why: 'certificates are kept by who renews them' }))
    .concat(
      vault.unlockFile === undefined
        ? []
        : [{ what: vault.unlockFile, why: 'the password of the vault does not belong beside the vault' }],
      database === undefined || database.kind === 'sqlite'
        ? []
        : [{ what: `database ${database.name} in [database]`, why: 'its own tools save it: mariadb-dump, pg_dump' }],
    )
}

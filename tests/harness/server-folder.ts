import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from './ports.ts'
import type { Scope } from './scope.ts'
import { mergeSettings, type Settings, toToml } from './toml.ts'

/** What a server needs before it starts. */
export interface ServerFolder {
  readonly folder: string
  readonly dataDir: string
  /** The file for `-c`. */
  readonly config: string
  readonly agentPort: number
  readonly apiPort: number
}

/**
 * A folder with a configuration and an empty data folder of mode 0700, on two ports that nobody listens on. Without
 * settings the server has no credentials for agents, and keeps users in its own tables.
 */
export async function createServerFolder(
  scope: Scope,
  { settings = {}, agentHost = '127.0.0.1' }: { settings?: Settings; agentHost?: string } = {},
): Promise<ServerFolder> {
  const folder = await scope.folder('server')
  const dataDir = join(folder, 'data')
  await mkdir(dataDir, { mode: 0o700 })
  const [agentPort = 0, apiPort = 0] = await freePorts(2)
  const config = join(folder, 'rportd.conf')
  const usual = {
    server: { address: `${agentHost}:${agentPort}`, data_dir: dataDir, allow_root: true },
    api: { address: `127.0.0.1:${apiPort}` },
  }
  await writeFile(config, toToml(mergeSettings(usual, settings)), { mode: 0o600 })
  return { folder, dataDir, config, agentPort, apiPort }
}

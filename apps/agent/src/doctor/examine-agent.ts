import { access, constants, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Finding, findFolderHolder } from '@rport/host'
import { type Clock, errorCode, errorMessage, type Logger } from '@rport/kit'
import type { AgentConfig, LoadedAgentConfig } from '../config/index.ts'
import { examineWay, type WayDeps } from './examine-way.ts'

export interface ExaminationDeps extends Pick<WayDeps, 'resolve'> {
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Looks why this machine's agent can or cannot connect. Wrong settings are the only finding then; a server that works makes failures of
 * the others warnings.
 */
export async function examineAgent(loaded: LoadedAgentConfig, deps: ExaminationDeps): Promise<readonly Finding[]> {
  if (loaded.kind === 'print' || loaded.kind === 'service') return []
  if (loaded.kind === 'faults') {
    return loaded.faults.map(({ message, where, fix }) => ({
      check: 'configuration',
      outcome: 'fail',
      detail: where === undefined ? message : `${message} (${where})`,
      fix: fix ?? 'see rport --help',
    }))
  }
  const { config, notices } = loaded
  const file = config.file ?? 'no file: flags, environment and defaults'
  const findings: Finding[] = [{ check: 'configuration', outcome: 'ok', detail: file }]
  for (const { level, message, fields } of notices) {
    if (level !== 'warn') continue
    const facts = Object.entries(fields).map(([name, value]) => `${name} ${value}`)
    const detail = [message, ...facts].join(', ')
    findings.push({ check: 'configuration', outcome: 'warn', detail, fix: 'see docs/manual/rport-config.md' })
  }
  findings.push(await examineFolder(config), ...permissionsOf(config))
  const ways: Finding[][] = []
  for (const url of config.server.urls) {
    const steps = await examineWay(url, { ...config, ...deps })
    ways.push([{ check: 'server', outcome: 'ok', detail: url }, ...steps])
  }
  const isReached = ways.some((way) => way.every(({ outcome }) => outcome !== 'fail'))
  const soften = (finding: Finding): Finding =>
    isReached && finding.outcome === 'fail' ? { ...finding, outcome: 'warn' } : finding
  return [...findings, ...ways.flat().map(soften)]
}

async function examineFolder({ dataDir, dataDirIsDefault }: AgentConfig): Promise<Finding> {
  const check = 'data folder'
  const path = resolve(dataDir)
  try {
    if (!(await stat(path)).isDirectory()) throw new Error('it is no folder')
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    if (dataDirIsDefault) {
      return { check, outcome: 'ok', detail: `${path} cannot be used: one in the home of this user is taken` }
    }
    if (errorCode(error) === 'ENOENT') return { check, outcome: 'ok', detail: `${path} is made at the first start` }
    const detail = `${path} cannot be used by this user: ${errorMessage(error)}`
    return {
      check,
      outcome: 'fail',
      detail,
      fix: 'set client.data_dir to a folder of the agent, or run this as its user',
    }
  }
  const pid = await findFolderHolder(path, 'rport')
  const who = pid === undefined ? 'no agent runs on it' : `an agent runs on it with process id ${pid}`
  return { check, outcome: 'ok', detail: `${path}, ${who}` }
}

/** What this machine lets the server do: no reason not to connect, and the next question of whoever asks. */
function permissionsOf({ tunnels, commands, scripts, files }: AgentConfig): Finding[] {
  const reach =
    tunnels.allowedTexts.length === 0
      ? 'tunnels may reach everything'
      : `tunnels may reach ${tunnels.allowedTexts.join(', ')}`
  const on = (isOn: boolean) => (isOn ? 'on' : 'off')
  const detail = `${reach}; commands ${on(commands.enabled)}, scripts ${on(scripts.enabled)}, files ${on(files.enabled)}`
  return [{ check: 'permissions', outcome: 'ok', detail }]
}

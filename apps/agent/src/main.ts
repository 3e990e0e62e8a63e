/** rport, the agent: arguments, settings, log, signals. What it is made of stands in compose.ts. */
import { existsSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { formatFaults } from '@rport/config'
import {
  checkRoot,
  createLog,
  type DataFolder,
  openDataFolder,
  releaseToSystem,
  runUntilSignal,
  StartError,
  setProcessTitle,
} from '@rport/host'
import { errorMessage, type Logger, silentLogger, systemClock, version } from '@rport/kit'
import { composeAgent } from './compose.ts'
import {
  type AgentConfig,
  agentProgram,
  type LoadedAgentConfig,
  loadAgentConfig,
  type ServiceOrder,
} from './config/index.ts'
import { runDoctor } from './doctor/index.ts'
import { heldSignals } from './early-signals.ts'
import { runProcess } from './run-process.ts'
import { runServiceCommand } from './service/install/index.ts'
import { isInteractive } from './service/interactive.ts'

const loadSettings = (argv: readonly string[]): LoadedAgentConfig =>
  loadAgentConfig({
    argv,
    env: process.env,
    cwd: process.cwd(),
    readFile: (path) => readFileSync(path, 'utf8'),
    interactive: isInteractive(),
    platform: process.platform,
  })

/** The settings, or the end of the program: texts that were asked for, or every fault at once. */
function readSettings(argv: readonly string[]): Extract<LoadedAgentConfig, { kind: 'ready' | 'service' }> {
  const loaded = loadSettings(argv)
  if (loaded.kind === 'ready' || loaded.kind === 'service') return loaded
  if (loaded.kind === 'print') {
    process.stdout.write(loaded.text)
    process.exit(0)
  }
  process.stderr.write(formatFaults(agentProgram, loaded.faults))
  process.exit(1)
}

async function examine(argv: readonly string[]): Promise<void> {
  releaseToSystem(heldSignals)
  // Flags may hold secrets here, too.
  setProcessTitle('rport', ['doctor'])
  process.exitCode = await runDoctor(argv, {
    loadSettings,
    print: (text) => void process.stdout.write(text),
    clock: systemClock,
    log: silentLogger,
  })
}

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  if (argv[0] === 'doctor') return examine(argv.slice(1))
  const settings = readSettings(argv)
  if (settings.kind === 'service') {
    releaseToSystem(heldSignals)
    process.stdout.write(await obey(settings.order))
    return
  }
  const { config, notices } = settings
  setProcessTitle('rport', config.file === undefined ? [] : ['-c', config.file])
  checkRoot({ program: 'rport', allowRoot: config.allowRoot })
  const log = createLog({
    file: config.logging.file,
    level: config.logging.level,
    format: 'text',
    program: 'rport',
    clock: systemClock,
  })
  const { logger } = log
  for (const notice of notices) logger[notice.level](notice.fields, notice.message)
  const folder = await openFolder(config, logger)
  logger.info({ version, dataDir: folder.path }, 'rport starts')

  const stopping = new AbortController()
  const agent = composeAgent(config, { dataDir: folder.path, clock: systemClock, log: logger })
  const running = agent.run(stopping.signal)
  const life = runUntilSignal({
    log: logger,
    held: heldSignals,
    onReload() {
      log.reopen()
      agent.retryNow()
      logger.info({}, 'log opened anew; if it waited, the next try to connect comes at once')
    },
    async close() {
      stopping.abort()
      await running
      await folder.close()
      logger.info({}, 'rport ends')
      log.close()
    },
  })
  if ((await running) === 'gave-up') life.stop('retries used up', 0)
}

/** `--service`: what came of it, in words. */
const obey = ({ action, configFile, user }: ServiceOrder): Promise<string> =>
  runServiceCommand(
    action,
    { program: programPath(), configFile, user },
    {
      platform: process.platform,
      exists: existsSync,
      write: (path, text) => writeFile(path, text, { mode: 0o644 }),
      remove: (path) => rm(path),
      runProcess,
    },
  )

/** What starts this program: the one file that it is, or the script beside its sources. */
function programPath(): string {
  const source = import.meta.filename
  return source.endsWith('main.ts') ? resolve(source, '../../../../bin/rport') : process.execPath
}

/** The folder of the settings. Where nobody chose one and the system's cannot be had, one in the user's home will do. */
async function openFolder(config: AgentConfig, log: Logger): Promise<DataFolder> {
  const options = { program: 'rport' }
  try {
    return await openDataFolder(config.dataDir, options)
  } catch (error) {
    if (!config.dataDirIsDefault || !(error instanceof StartError)) throw error
    const dataDir = join(homedir(), '.local', 'state', 'rport')
    const folder = await openDataFolder(dataDir, options)
    log.warn(
      { dataDir, reason: error.message },
      'using a data folder in the home of this user: set client.data_dir to choose',
    )
    return folder
  }
}

try {
  await main()
} catch (error) {
  process.stderr.write(`rport: ${error instanceof StartError ? error.message : errorMessage(error)}\n`)
  process.exit(1)
}

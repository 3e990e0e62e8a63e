/** rport, the agent: arguments, settings, log, signals. What it is made of stands in compose.ts. */
import { readFileSync } from 'node:fs'
import { formatFaults } from '@rport/config'
import { checkRoot, createLog, openDataFolder, runUntilSignal, StartError, setProcessTitle } from '@rport/host'
import { errorMessage, systemClock, version } from '@rport/kit'
import { composeAgent } from './compose.ts'
import { type AgentConfig, agentProgram, loadAgentConfig } from './config/index.ts'
import { isInteractive } from './service/interactive.ts'

/** The settings, or the end of the program: texts that were asked for, or every fault at once. */
function readSettings(argv: readonly string[]): Extract<ReturnType<typeof loadAgentConfig>, { kind: 'ready' }> {
  const loaded = loadAgentConfig({
    argv,
    env: process.env,
    cwd: process.cwd(),
    readFile: (path) => readFileSync(path, 'utf8'),
    interactive: isInteractive(),
    platform: process.platform,
  })
  if (loaded.kind === 'ready') return loaded
  if (loaded.kind === 'print') {
    process.stdout.write(loaded.text)
    process.exit(0)
  }
  process.stderr.write(formatFaults(agentProgram, loaded.faults))
  process.exit(1)
}

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  const { config, notices } = readSettings(argv)
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
  const folder = await openFolder(config)
  logger.info({ version, dataDir: folder.path }, 'rport starts')

  const stopping = new AbortController()
  const agent = composeAgent(config, { clock: systemClock, log: logger })
  const running = agent.run(stopping.signal)
  const life = runUntilSignal({
    log: logger,
    onReload: () => log.reopen(),
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

const openFolder = (config: AgentConfig) => openDataFolder(config.dataDir, { program: 'rport' })

try {
  await main()
} catch (error) {
  process.stderr.write(`rport: ${error instanceof StartError ? error.message : errorMessage(error)}\n`)
  process.exit(1)
}

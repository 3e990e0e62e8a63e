/** rportd, the server: arguments, settings, log, signals. What it is made of stands in compose.ts. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { text } from 'node:stream/consumers'
import { formatFaults } from '@rport/config'
import {
  checkRoot,
  createLog,
  isTerminal,
  releaseToSystem,
  runUntilSignal,
  StartError,
  setProcessTitle,
} from '@rport/host'
import { errorMessage, silentLogger, systemClock } from '@rport/kit'
import type { Command } from './commands/index.ts'
import { type LoadedServerConfig, loadServerConfig, serverProgram } from './config/index.ts'
import { heldSignals } from './early-signals.ts'
import { forkConnector } from './run-process.ts'

const loadSettings = (argv: readonly string[]): LoadedServerConfig =>
  loadServerConfig({
    argv,
    env: process.env,
    cwd: process.cwd(),
    readFile: (path) => readFileSync(path, 'utf8'),
    cpuCount: availableParallelism(),
    platform: process.platform,
  })

/** The settings, or the end of the program: texts that were asked for, or every fault at once. */
function readSettings(argv: readonly string[]): Extract<ReturnType<typeof loadServerConfig>, { kind: 'ready' }> {
  const loaded = loadSettings(argv)
  if (loaded.kind === 'ready') return loaded
  if (loaded.kind === 'print') {
    process.stdout.write(loaded.text)
    process.exit(0)
  }
  process.stderr.write(formatFaults(serverProgram, loaded.faults))
  process.exit(1)
}

/** Resolves when there is room for more, so that a slow reader of much output costs no memory. */
const print = (line: string): Promise<void> =>
  new Promise((resolve) => {
    if (process.stdout.write(line)) resolve()
    else process.stdout.once('drain', resolve)
  })

/** Only the first signal is kept for the command: a second one ends the process. */
function listenToSignals(): AbortSignal {
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interruption.abort(new StartError(`ended by ${signal}`)))
  }
  return interruption.signal
}

/** Where a terminal does not tell its width. */
const USUAL_COLUMNS = 80

/** Writes over the line before, whose rest is erased; the same text again costs nothing. */
function createProgress(): (line: string) => void {
  let shown = ''
  return (line) => {
    if (line === shown || !isTerminal(process.stderr)) return
    shown = line
    process.stderr.write(`\r${line.slice(0, (process.stderr.columns || USUAL_COLUMNS) - 1)}\x1b[K`)
  }
}

async function runCommand(command: Command, words: readonly string[]): Promise<void> {
  releaseToSystem(heldSignals)
  // Whoever reads only the beginning (`| head`) is no fault.
  process.stdout.on('error', () => process.exit(0))
  process.exitCode = await command.run(words, {
    settings: (argv) => readSettings(argv).config,
    loadSettings,
    print,
    complain: (line) => process.stderr.write(line),
    progress: createProgress(),
    interruption: listenToSignals,
    readInput: () => text(process.stdin),
    log: silentLogger,
  })
}

/** Loaded only where there is a word: the server itself starts sooner without. */
async function findCommand(word: string | undefined): Promise<Command | undefined> {
  if (word === undefined || word.startsWith('-')) return undefined
  const { commands } = await import('./commands/index.ts')
  return commands.find(({ name }) => name === word)
}

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  const command = await findCommand(argv[0])
  if (command) return runCommand(command, argv.slice(1))
  const { config, notices } = readSettings(argv)
  setProcessTitle('rportd', config.file === undefined ? [] : ['-c', config.file])
  checkRoot({ program: 'rportd', allowRoot: config.allowRoot })
  const log = createLog({ ...config.logging, program: 'rportd', clock: systemClock })
  const { logger } = log
  for (const notice of notices) logger[notice.level](notice.fields, notice.message)

  // They load at the same time as we do.
  const connectors = Array.from({ length: config.agents.connectors }, () => forkConnector(config.environment))
  const { runServer } = await import('./run-server.ts')
  const starting = runServer(config, {
    clock: systemClock,
    log: logger,
    print: (line) => process.stdout.write(line),
    forkConnector: () => connectors.shift() ?? forkConnector(config.environment),
    isRoot: process.geteuid?.() === 0,
  })
  // A start that failed is told by the last line of main: whoever waits here has nothing to end.
  const started = starting.catch(() => undefined)
  // Before the start is over, because a signal that nobody listens to ends the program.
  runUntilSignal({
    log: logger,
    held: heldSignals,
    async onReload() {
      log.reopen()
      const server = await started
      const reloaded = ['log', ...((await server?.reload()) ?? [])]
      logger.info({ reloaded: reloaded.join(', ') }, 'reloaded; settings are read at the start only')
    },
    async close() {
      const server = await started
      await server?.close()
      logger.info({}, 'rportd ends')
      log.close()
    },
  })
  await starting
}

try {
  await main()
} catch (error) {
  process.stderr.write(`rportd: ${errorMessage(error)}\n`)
  process.exit(1)
}

import { StartError } from '@rport/host'
import { errorMessage } from '@rport/kit'
import type { ServiceAction } from '../../config/index.ts'
import type { RunProcess } from '../../features/inventory/index.ts'
import { type Definition, launchdPlist, systemdUnit } from './definition.ts'

/** How one system keeps services. */
interface ServiceManager {
  readonly file: string
  text(definition: Definition): string
  /** Commands after the file was written, to start and to stop, and around its removal; the last must work, others may fail. */
  readonly installed: readonly (readonly string[])[]
  readonly start: readonly string[]
  readonly stop: readonly string[]
  readonly removing: readonly (readonly string[])[]
  readonly removed: readonly (readonly string[])[]
}

const SYSTEMD: ServiceManager = {
  file: '/etc/systemd/system/rport.service',
  text: systemdUnit,
  installed: [
    ['systemctl', 'daemon-reload'],
    ['systemctl', 'enable', 'rport.service'],
  ],
  start: ['systemctl', 'start', 'rport.service'],
  stop: ['systemctl', 'stop', 'rport.service'],
  removing: [['systemctl', 'disable', '--now', 'rport.service']],
  removed: [['systemctl', 'daemon-reload']],
}

const LAUNCHD_FILE = '/Library/LaunchDaemons/rport.plist'
const LAUNCHD: ServiceManager = {
  file: LAUNCHD_FILE,
  text: launchdPlist,
  installed: [],
  start: ['launchctl', 'load', LAUNCHD_FILE],
  stop: ['launchctl', 'unload', LAUNCHD_FILE],
  removing: [['launchctl', 'unload', LAUNCHD_FILE]],
  removed: [],
}

const LIMITS = { timeoutMs: 60_000, maxOutputBytes: 64 * 1024 }

export interface ServiceCommandDeps {
  /** `process.platform`. */
  readonly platform: string
  readonly exists: (path: string) => boolean
  /** Writes a file that everybody may read; rejects as the operating system does. */
  readonly write: (path: string, text: string) => Promise<void>
  readonly remove: (path: string) => Promise<void>
  readonly runProcess: RunProcess
}

/**
 * Does what `--service` says.
 * @returns  what to print
 * @throws   StartError that says what to do instead
 */
export async function runServiceCommand(
  action: ServiceAction,
  definition: Definition,
  deps: ServiceCommandDeps,
): Promise<string> {
  const manager = serviceManager(action, deps)
  switch (action) {
    case 'print':
      return manager.text(definition)
    case 'install':
      await install(manager, definition, deps)
      return 'Service installed\n'
    case 'start':
      await run(manager.start, deps)
      return 'Service started\n'
    case 'stop':
      await run(manager.stop, deps)
      return 'Service stopped\n'
    case 'uninstall':
      if (!deps.exists(manager.file)) throw new StartError(`the service is not installed: there is no ${manager.file}`)
      for (const command of manager.removing) await run(command, deps)
      await asRoot(deps.remove(manager.file))
      for (const command of manager.removed) await run(command, deps)
      return 'Service uninstalled\n'
  }
}

function serviceManager(action: ServiceAction, { platform, exists }: ServiceCommandDeps): ServiceManager {
  if (platform === 'darwin') return LAUNCHD
  if (platform === 'linux' && (action === 'print' || exists('/run/systemd/system'))) return SYSTEMD
  const advice =
    platform === 'win32'
      ? 'let the task scheduler start it: schtasks /Create /TN rport /SC ONSTART /RU SYSTEM /TR "rport.exe -c C:\\rport.conf"'
      : 'start it by the means of this system: "rport --service print" shows what systemd would be told'
  throw new StartError(`services are installed where systemd or launchd runs. Instead, ${advice}`)
}

async function install(manager: ServiceManager, definition: Definition, deps: ServiceCommandDeps): Promise<void> {
  if (deps.exists(manager.file)) {
    throw new StartError(`Init already exists: ${manager.file}. Remove it first: rport --service uninstall`)
  }
  if (definition.configFile === undefined) {
    throw new StartError('a service needs its settings: rport --service install -c /etc/rport/rport.conf')
  }
  const { user } = definition
  const known = await deps.runProcess('id', ['-u', user], LIMITS)
  if (known.exitCode !== 0) {
    throw new StartError(
      `there is no user ${user}. Make one: useradd --system --home-dir /var/lib/rport --shell /bin/false ${user}; or name another by --service-user`,
    )
  }
  await asRoot(deps.write(manager.file, manager.text(definition)))
  for (const command of manager.installed) await run(command, deps)
}

async function run([program = '', ...args]: readonly string[], { runProcess }: ServiceCommandDeps): Promise<void> {
  const command = [program, ...args].join(' ')
  const { exitCode } = await runProcess(program, args, LIMITS).catch((error: unknown) => {
    throw new StartError(`${command}: ${errorMessage(error)}`)
  })
  if (exitCode !== 0) throw new StartError(`"${command}" ended with code ${exitCode}: run it by hand to see why`)
}

async function asRoot(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    throw new StartError(`${errorMessage(error)}. Services are installed by root: try it with sudo`)
  }
}

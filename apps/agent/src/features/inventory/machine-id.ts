import { errorMessage } from '@rport/kit'
import type { RootFiles } from './root-files.ts'

/** Starts a program without a shell and waits for its end; rejects when it cannot be started or takes too long. */
export type RunProcess = (
  file: string,
  args: readonly string[],
  options: { timeoutMs: number; maxOutputBytes: number },
) => Promise<{ exitCode: number | null; stdout: string }>

/** The machine has no id of its own that can be read; the message says what to do. */
export class MachineIdError extends Error {
  override readonly name = 'MachineIdError'

  constructor(reason: string, options?: ErrorOptions) {
    super(
      `could not use system id as client id: try to set client.id manually or disable client.use_system_id. Error: ${reason}`,
      options,
    )
  }
}

/** The first that holds an id counts. */
const LINUX_FILES = ['var/lib/dbus/machine-id', 'etc/machine-id']
const LIMITS = { timeoutMs: 10_000, maxOutputBytes: 64 * 1024 }

/**
 * The id that the operating system gave this machine: it stays the same over restarts and reinstallations of the agent.
 * @param platform  Node's name of the system
 * @throws  MachineIdError
 */
export async function readMachineId(deps: {
  platform: string
  files: RootFiles
  runProcess: RunProcess
}): Promise<string> {
  switch (deps.platform) {
    case 'darwin':
      return fromProcess(deps.runProcess, '/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'], IOREG_ID)
    case 'win32':
      return fromProcess(deps.runProcess, 'C:\\Windows\\System32\\reg.exe', REGISTRY_QUERY, REGISTRY_ID)
    default:
      return fromFiles(deps.files)
  }
}

const IOREG_ID = /"IOPlatformUUID"\s*=\s*"([^"]*)"/
/** The 64-bit view, whatever this program is: both views may hold different ids. */
const REGISTRY_QUERY = ['query', 'HKLM\\SOFTWARE\\Microsoft\\Cryptography', '/v', 'MachineGuid', '/reg:64']
const REGISTRY_ID = /MachineGuid\s+REG_SZ\s+(\S+)/

async function fromFiles(files: RootFiles): Promise<string> {
  for (const file of LINUX_FILES) {
    const id = await files.read(file)
    // An image that was prepared for copying holds an empty file, or the word that systemd leaves until the first boot.
    if (id !== undefined && id !== 'uninitialized' && isId(id)) return id
  }
  throw new MachineIdError(`no id in ${LINUX_FILES.map((file) => `/${file}`).join(' or ')}`)
}

async function fromProcess(run: RunProcess, file: string, args: readonly string[], pattern: RegExp): Promise<string> {
  const result = await run(file, args, LIMITS).catch((error: unknown) => {
    throw new MachineIdError(`${file}: ${errorMessage(error)}`, { cause: error })
  })
  const id = pattern.exec(result.stdout)?.[1] ?? ''
  if (result.exitCode !== 0 || !isId(id)) {
    throw new MachineIdError(`${file} ended with ${result.exitCode ?? 'a signal'} and told no id`)
  }
  return id
}

const isId = (text: string): boolean => /^[\w.{}-]{1,128}$/.test(text)

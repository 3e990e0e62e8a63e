/** The runtime inside the agent as one file, taken from the package registry exactly as it was when it was measured. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Its license, its figures and its checksums belong to this version: docs/adr/0011-agent-as-one-file.md. */
const VERSION = '1.4.5'

/** What the agent can be built for, by the name of its runtime's package. */
const PACKAGES = {
  'linux-x64': {
    name: '@oven/bun-linux-x64',
    integrity: 'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
  },
  'linux-arm64': {
    name: '@oven/bun-linux-aarch64',
    integrity: 'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
  },
  'darwin-arm64': {
    name: '@oven/bun-darwin-aarch64',
    integrity: 'sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==',
  },
} as const

/** A system and processor that there is a runtime for: Node's names. */
export type Platform = keyof typeof PACKAGES

/** The platform of this machine; undefined when nothing can be built on it. */
export const thisPlatform: Platform | undefined = (Object.keys(PACKAGES) as Platform[]).find(
  (platform) => platform === `${process.platform}-${process.arch}`,
)

/** The registry does not hand it out; the message says what to look at. */
export class RuntimeUnavailable extends Error {
  override readonly name = 'RuntimeUnavailable'
}

const DOWNLOAD_LIMIT_MS = 300_000

/**
 * The path of the runtime for a platform, from `cache` or, the first time, from the registry that npm is set up for (55 MB).
 * @param cache  a folder that may be removed at any time
 * @throws  RuntimeUnavailable; Error when what came is not what was measured
 */
export function provideRuntime(platform: Platform, cache: string): string {
  const folder = join(cache, `${platform}-${VERSION}`)
  const runtime = join(folder, 'package', 'bin', 'bun')
  if (existsSync(runtime)) return runtime
  mkdirSync(cache, { recursive: true })
  const scratch = mkdtempSync(join(cache, 'download-'))
  try {
    const archive = download(platform, scratch)
    run('tar', ['-xzf', archive, '-C', scratch], `unpacking ${archive} failed`)
    rmSync(archive)
    rmSync(folder, { recursive: true, force: true })
    renameSync(scratch, folder)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return runtime
}

/** Not a dependency: everybody would download it who only wants to run the server, and npm refuses those of other platforms. */
function download(platform: Platform, folder: string): string {
  const { name, integrity } = PACKAGES[platform]
  const what = `the runtime ${name}@${VERSION} cannot be had from the package registry (check: npm ping; npm config get proxy)`
  const { npm_execpath: npm } = process.env
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const out = run(command, [...first, 'pack', `${name}@${VERSION}`, '--json', '--pack-destination', folder], what)
  const [packed] = JSON.parse(out) as [{ filename: string }?]
  if (packed === undefined) throw new RuntimeUnavailable(what)
  const archive = join(folder, packed.filename.replace('@', '').replace('/', '-'))
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
  if (found !== integrity) throw new Error(`${name}@${VERSION} is not the file that was measured: ${found}`)
  return archive
}

function run(command: string, args: readonly string[], what: string): string {
  const done = spawnSync(command, args, { encoding: 'utf8', timeout: DOWNLOAD_LIMIT_MS })
  if (done.status === 0) return done.stdout
  throw new RuntimeUnavailable(
    `${what}: ${done.error?.message ?? (reasonOf(done.stderr) || `exit code ${done.status}`)}`,
  )
}

/** npm says first what happened, then where in its own code. */
const reasonOf = (output: string): string =>
  output
    .split('\n')
    .filter((line) => !line.startsWith('npm warn') && line.trim() !== '')
    .slice(0, 4)
    .join('; ')

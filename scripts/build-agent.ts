/**
 * `npm run build:agent`: the agent as one file for Linux on x64 and arm64, in dist/, beside their checksums.
 * `npm run build:agent -- linux-x64 --out FOLDER` builds only that one, elsewhere.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Platform, provideRuntime, RuntimeUnavailable, thisPlatform } from './lib/bun-runtime.ts'

const TARGETS = ['linux-x64', 'linux-arm64'] as const satisfies Platform[]
type Target = (typeof TARGETS)[number]

const root = join(import.meta.dirname, '..')
const cache = join(root, 'node_modules', '.cache', 'rport-agent')
const BUILD_LIMIT_MS = 120_000
/** Ends so when nothing is wrong but what it is made of cannot be had here. */
const EXIT_UNAVAILABLE = 3

function main(): void {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } })
  const unknown = positionals.filter((name) => !TARGETS.some((target) => target === name))
  if (unknown.length > 0) throw new Error(`no such target: ${unknown.join(', ')}; there are ${TARGETS.join(', ')}`)
  if (thisPlatform === undefined) {
    throw new RuntimeUnavailable(`this needs Linux or a Mac to be built on, not ${process.platform} on ${process.arch}`)
  }
  const builder = provideRuntime(thisPlatform, cache)
  const folder = resolve(values.out ?? join(root, 'dist'))
  mkdirSync(folder, { recursive: true })
  const files = TARGETS.filter((target) => positionals.length === 0 || positionals.includes(target)).map((target) =>
    build(target, builder, folder),
  )
  const sums = files.map((file) => `${sha256(file)}  ${basename(file)}\n`)
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''))
  for (const file of files) console.log(`${file}  ${(readFileSync(file).length / 1e6).toFixed(0)} MB`)
}

/** Builds beside the old file and replaces it at the end: an agent may be running from it. */
function build(target: Target, builder: string, folder: string): string {
  const file = join(folder, `rport-${target}`)
  const unfinished = `${file}.${process.pid}`
  const args = ['build', '--compile', `--target=bun-${target}`]
  args.push(`--compile-executable-path=${provideRuntime(target, cache)}`)
  // Names stay, so that a stack in somebody's log can be read.
  args.push('--minify-syntax', '--minify-whitespace', '--sourcemap=none')
  // An agent takes its settings from where it says, never from files that lie around where it was started.
  args.push('--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig')
  args.push(`--outfile=${unfinished}`, join(root, 'apps', 'agent', 'src', 'main.ts'))
  const done = spawnSync(builder, args, { cwd: root, encoding: 'utf8', timeout: BUILD_LIMIT_MS })
  if (done.status !== 0) {
    throw new Error(
      `building ${basename(file)} failed: ${done.error?.message ?? `${done.stdout}${done.stderr}`.trim()}`,
    )
  }
  renameSync(unfinished, file)
  return file
}

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

try {
  main()
} catch (error) {
  console.error(`rport: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = error instanceof RuntimeUnavailable ? EXIT_UNAVAILABLE : 1
}

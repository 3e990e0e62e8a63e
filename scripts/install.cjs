'use strict'
// Brings node_modules up to date, only when something changed. Runs on the machine's own Node, whatever its age.

const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { canInstall, installPackages } = require('./lib/debian.cjs')
const { isInstalled, markInstalled } = require('./lib/install-state.cjs')
const { say } = require('./lib/say.cjs')

const root = path.join(__dirname, '..')
const MIN_NODE_MAJOR = 20

/** The runtime that npm installs: the programs, the tests and the checks run on it. */
const runtime = path.join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')

/** After this everything can run. Ends the process with 1 and advice when that cannot be had. */
function ensureInstalled() {
  if (Number(process.versions.node.split('.')[0]) < MIN_NODE_MAJOR) {
    fail(
      `Node ${process.versions.node} is too old for npm to install with: install Node ${MIN_NODE_MAJOR} or newer, from your system or nodejs.org.`,
    )
  }
  if (!isInstalled(root)) install()
  checkRuntime()
}

function install() {
  const startedAt = Date.now()
  say('rport: installing dependencies, this takes about half a minute …')
  const done = runNpm(['install', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'])
  if (done.status !== 0) {
    fail(
      [
        `npm install failed (${done.error?.message ?? `exit code ${done.status}`}). What to check:`,
        '  · can this machine reach the package registry? npm ping',
        '  · is a proxy needed? npm config get proxy, https_proxy in the environment',
        `  · is there room on the disk, and may you write to ${root}?`,
        '  · if node_modules is damaged: remove it and try again',
      ].join('\n'),
    )
  }
  markInstalled(root)
  say(`rport: installed in ${Math.round((Date.now() - startedAt) / 1000)} s`)
}

/** npm hands down the path of its own script; that one fits the Node that runs us. */
function runNpm(args) {
  const npm = process.env.npm_execpath
  const options = { cwd: root, stdio: ['ignore', 2, 2] }
  if (npm?.endsWith('npm-cli.js')) return spawnSync(process.execPath, [npm, ...args], options)
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
}

function checkRuntime() {
  const reason = tryRuntime()
  if (reason === undefined) return
  // The one library that minimal images lack.
  if (reason.includes('libatomic.so.1') && canInstall()) {
    say('rport: installing libatomic1, which the runtime needs …')
    installPackages(['libatomic1'])
    if (tryRuntime() === undefined) return
  }
  const advice = reason.includes('libatomic')
    ? 'Install libatomic1 (Debian, Ubuntu) or libatomic (Fedora, Alpine, RHEL).'
    : `There may be no runtime package for ${process.platform}-${process.arch}; npm must not omit optional dependencies.`
  fail(`the runtime in node_modules does not start: ${reason}\n${advice}`)
}

function tryRuntime() {
  const done = spawnSync(runtime, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  if (done.status === 0) return undefined
  return done.error?.message ?? (done.stderr.trim() || `exit code ${done.status}`)
}

function fail(text) {
  say(`rport: ${text}`)
  process.exit(1)
}

module.exports = { ensureInstalled, root, runtime }
if (require.main === module) ensureInstalled()

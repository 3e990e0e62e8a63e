'use strict'
// Packages of the system, where the system is Debian or one of its children and we may install.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const UPDATE_DEADLINE_MS = 120_000
const INSTALL_DEADLINE_MS = 300_000
/** A mirror that does not answer is given up quickly: everything here is wanted, nothing is needed to go on. */
const APT_OPTIONS = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=15', '-o', 'DPkg::Lock::Timeout=60']
/** Asked by Debian's packages before they start a service: 101 says no. We want programs, not services on this machine. */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d'

/** Debian keeps the programs of each version of PostgreSQL apart. */
const POSTGRES = '/usr/lib/postgresql'

/** Whether a program can be found; services live in folders that users do not have on their PATH. */
function hasCommand(name) {
  const versions = fs.existsSync(POSTGRES) ? fs.readdirSync(POSTGRES) : []
  const postgres = versions.map((version) => path.join(POSTGRES, version, 'bin'))
  const system = ['/usr/local/sbin', '/usr/sbin', '/sbin', ...postgres]
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), ...system]
  return folders.some((folder) => folder !== '' && fs.existsSync(path.join(folder, name)))
}

const canInstall = () => process.getuid?.() === 0 && hasCommand('apt-get')

/** Installs Debian packages. @returns undefined, or why it did not work */
function installPackages(packages) {
  const release = forbidServices()
  try {
    return (
      run(['update'], UPDATE_DEADLINE_MS) ??
      run(['install', '-y', '--no-install-recommends', ...packages], INSTALL_DEADLINE_MS)
    )
  } finally {
    release()
  }
}

function run(args, timeout) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const done = spawnSync('apt-get', ['-q', ...APT_OPTIONS, ...args], {
    env,
    timeout,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (done.status === 0) return undefined
  const last = `${done.stderr}`.trim().split('\n').at(-1)
  return `apt-get ${args[0]}: ${done.error?.message ?? (last || `exit code ${done.status}`)}`
}

/** @returns a function that puts everything back */
function forbidServices() {
  if (fs.existsSync(SERVICE_POLICY)) return () => undefined
  fs.writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  return () => fs.rmSync(SERVICE_POLICY, { force: true })
}

module.exports = { canInstall, hasCommand, installPackages }

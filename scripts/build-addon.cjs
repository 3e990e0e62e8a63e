'use strict'
// Builds the optional addon of packages/transport where a C compiler is at hand. Quiet when all is well, one line when not, and
// never a failure: everything works without it (docs/adr/0010-aes-gcm-addon.md).

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { say } = require('./lib/say.cjs')

const root = path.join(__dirname, '..')
const folder = path.join(root, 'packages', 'transport', 'native')
const source = path.join(folder, 'aes-gcm.c')
const built = path.join(folder, 'aes-gcm.node')

/** Symbols of the runtime are looked up when the addon is loaded: one that is missing shows there, and not in the middle of a packet. */
const LINK_FLAGS = {
  linux: ['-shared', '-Wl,-z,now'],
  darwin: ['-bundle', '-undefined', 'dynamic_lookup', '-Wl,-bind_at_load'],
}

/** Where the headers of the runtime are that will load the addon. */
function findHeaders() {
  const runtime = path.join(root, 'node_modules', '.bin', 'node')
  const program = fs.existsSync(runtime) ? fs.realpathSync(runtime) : process.execPath
  const headers = path.join(path.dirname(program), '..', 'include', 'node')
  return fs.existsSync(path.join(headers, 'node_api.h')) ? headers : undefined
}

/** @returns why there is no addon; undefined when there is one */
function build() {
  const link = LINK_FLAGS[process.platform]
  if (!link) return `none is made for ${process.platform}`
  const headers = findHeaders()
  if (!headers) return 'the runtime came without its headers'
  const fresh = `${built}.${process.pid}`
  const flags = ['-std=c11', '-O2', '-Wall', '-fPIC', ...link, '-I', headers]
  const done = spawnSync('cc', [...flags, source, '-o', fresh], { encoding: 'utf8', timeout: 60_000 })
  if (done.error) return 'there is no C compiler (cc)'
  if (done.status !== 0) return `the C compiler says: ${(done.stderr ?? '').trim().split('\n')[0]}`
  // Renamed into its place: a program that has loaded the old one keeps it.
  fs.renameSync(fresh, built)
  return undefined
}

function buildAddon() {
  try {
    const isNew = fs.existsSync(built) && fs.statSync(built).mtimeMs > fs.statSync(source).mtimeMs
    const reason = isNew ? undefined : build()
    if (reason) say(`rport: tunnels use the runtime's own encryption, which is slower: ${reason}`)
  } catch (error) {
    say(`rport: tunnels use the runtime's own encryption, which is slower: ${error.message}`)
  }
}

module.exports = { buildAddon }
if (require.main === module) buildAddon()

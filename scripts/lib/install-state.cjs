'use strict'
// Whether node_modules still is what the manifests ask for. Plain JavaScript: it runs before anything is installed.

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

/** Written by a successful install, removed with node_modules. */
const MARKER = path.join('node_modules', '.rport-installed')

/** Paths of all package.json files of the repository, relative to `root`, in a fixed order. */
function manifestPaths(root) {
  const { workspaces } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  const folders = workspaces.flatMap((pattern) => {
    const parent = pattern.replace(/\/\*$/, '')
    return parent === pattern ? [pattern] : foldersIn(root, parent)
  })
  const manifests = folders.map((folder) => `${folder}/package.json`)
  return ['package.json', ...manifests.filter((manifest) => fs.existsSync(path.join(root, manifest))).sort()]
}

function foldersIn(root, parent) {
  if (!fs.existsSync(path.join(root, parent))) return []
  return fs.readdirSync(path.join(root, parent)).map((name) => `${parent}/${name}`)
}

/** Built by the install. */
const ADDON_SOURCE = 'packages/transport/native/aes-gcm.c'

/** A fingerprint of everything that decides what an install brings: manifests, lock file, what is built, kind of machine. */
function wantedState(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const file of ['package-lock.json', ADDON_SOURCE, ...manifestPaths(root)]) {
    const full = path.join(root, file)
    hash.update(`${file}\n`).update(fs.existsSync(full) ? fs.readFileSync(full) : '')
  }
  return hash.digest('hex')
}

const isInstalled = (root) => {
  const marker = path.join(root, MARKER)
  return fs.existsSync(marker) && fs.readFileSync(marker, 'utf8') === wantedState(root)
}

/** Call it after the install: npm may have brought the lock file up to date. */
const markInstalled = (root) => fs.writeFileSync(path.join(root, MARKER), wantedState(root))

module.exports = { isInstalled, manifestPaths, markInstalled, wantedState }

'use strict'
// After `npm install`: builds what is built here, and sets up the commit hook in a developer's clone, also where npm runs no
// scripts of dependencies.
// Never fails the install.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { buildAddon } = require('./build-addon.cjs')

const root = path.join(__dirname, '..')
const lefthook = path.join(root, 'node_modules', 'lefthook', 'bin', 'index.js')

buildAddon()

// In a work tree .git is a file; in an archive there is none. Build machines commit nothing.
const isClone = fs.existsSync(path.join(root, '.git'))
if (isClone && !process.env.CI && fs.existsSync(lefthook)) {
  spawnSync(process.execPath, [lefthook, 'install'], { cwd: root, stdio: 'ignore', timeout: 20_000 })
}

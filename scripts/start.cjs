'use strict'
// `npm start`: installs what is missing and runs the server with its data in this clone. For trying and developing.

const { spawn } = require('node:child_process')
const { constants } = require('node:os')
const path = require('node:path')
const { ensureInstalled, root } = require('./install.cjs')
const { say } = require('./lib/say.cjs')

ensureInstalled()

// Ours first: the same flag given by the caller comes later and wins.
const args = ['--data-dir', path.join(root, 'data')]
if (process.getuid?.() === 0) {
  say('rport: WARNING: running as root, which is fine for a try. In earnest, give rportd a user of its own.')
  args.push('--allow-root')
}
const server = spawn(path.join(root, 'bin', 'rportd'), [...args, ...process.argv.slice(2)], { stdio: 'inherit' })

server.on('error', (error) => {
  say(`rport: cannot start bin/rportd: ${error.message}`)
  process.exit(1)
})
server.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) {
  // A closed terminal says SIGHUP, which tells a server to reload: without its terminal this one is to end.
  const passed = signal === 'SIGHUP' && process.stdin.isTTY ? 'SIGTERM' : signal
  process.on(signal, () => server.kill(passed))
}

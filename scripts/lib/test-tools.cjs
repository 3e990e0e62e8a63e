'use strict'
// What the tests use beside Node: a list that is easily extended. Nothing in it is needed for the rest of the run.

const { canInstall, hasCommand, installPackages } = require('./debian.cjs')
const { say } = require('./say.cjs')

/** command: what must be found; debian: the package that has it; without: what is left out when it is missing. */
const TOOLS = [
  { command: 'cc', debian: 'build-essential', without: 'the bench, which compiles what makes its load' },
  { command: 'sshd', debian: 'openssh-server', without: 'OpenSSH through a tunnel' },
  { command: 'ssh', debian: 'openssh-client', without: 'OpenSSH through a tunnel' },
  { command: 'curl', debian: 'curl', without: 'HTTP through a tunnel with curl' },
  { command: 'openssl', debian: 'openssl', without: 'certificates that are renewed' },
  { command: 'mariadbd', debian: 'mariadb-server', without: 'users and credentials in MariaDB' },
  { command: 'initdb', debian: 'postgresql', without: 'users and credentials in PostgreSQL' },
  { command: 'tinyproxy', debian: 'tinyproxy-bin', without: 'agents behind HTTP proxies' },
  { command: 'microsocks', debian: 'microsocks', without: 'agents behind SOCKS proxies' },
  { command: 'nginx', debian: 'nginx', without: 'servers behind nginx' },
  { command: 'caddy', debian: 'caddy', without: 'servers behind Caddy' },
  { command: 'systemd-notify', debian: 'systemd', without: 'messages to systemd' },
  { command: 'ip', debian: 'iproute2', without: 'links that are cut in a network namespace' },
]

/** Installs what is missing where that is possible, and says what will be left out. Never fails. */
function provideTools() {
  const missing = TOOLS.filter(({ command }) => !hasCommand(command))
  if (missing.length > 0 && canInstall()) {
    const packages = [...new Set(missing.map(({ debian }) => debian))]
    say(`rport: installing Debian packages for the tests: ${packages.join(' ')}`)
    const reason = installPackages(packages)
    if (reason) say(`rport: that did not work: ${reason}`)
  }
  const stillMissing = TOOLS.filter(({ command }) => !hasCommand(command))
  for (const { command, debian, without } of stillMissing) {
    say(`rport: ${command} is missing (Debian package ${debian}): left out are tests of ${without}`)
  }
  if (!hasCommand('go'))
    say('rport: go is missing (1.21 or newer, https://go.dev/dl): left out are the peers on the Go libraries')
  if (process.getuid?.() !== 0) say('rport: not root: left out are tests that need network namespaces')
}

module.exports = { provideTools }

import { existsSync } from 'node:fs'
import { until } from '../../tests/harness/deadline.ts'
import { sshdMissing, startOpenSsh } from '../../tests/harness/openssh.ts'
import { freePort } from '../../tests/harness/ports.ts'
import { startProgram } from '../../tests/harness/program.ts'
import { accepts } from '../../tests/harness/visitor.ts'
import type { Contender, TunnelOrder } from './contender.ts'

const SSH = '/usr/bin/ssh'
const isPresent = () => sshdMissing === undefined && existsSync(SSH)

async function open(way: '-R' | '-L', { scope, targetPort, lay }: TunnelOrder) {
  const sshd = await startOpenSsh(scope)
  const sshPort = await lay(sshd.port)
  const port = await freePort()
  const ssh = startProgram(scope, {
    name: `ssh ${way}`,
    command: SSH,
    args: [
      ...sshd.clientOptions(),
      ...['-N', '-p', String(sshPort), '-o', 'ExitOnForwardFailure=yes', '-c', 'aes128-gcm@openssh.com'],
      ...[way, `127.0.0.1:${port}:127.0.0.1:${targetPort}`, sshd.login],
    ],
  })
  await until(`ssh ${way} listens`, () => (ssh.hasExited ? Promise.reject(new Error(ssh.output)) : accepts(port)))
  return { port, pids: [sshd.pid, ssh.pid] }
}

/** The shape of our own tunnels: the server listens, the target lies behind the one that dialled in. */
export const opensshReverse: Contender = {
  name: 'openssh-r',
  what: 'OpenSSH, `ssh -R`: sshd listens, ssh reaches the target; aes128-gcm, as with us',
  isPresent,
  open: (order) => open('-R', order),
}

/** The other way round: the quicker one of the two for short messages. */
export const opensshLocal: Contender = {
  name: 'openssh-l',
  what: 'OpenSSH, `ssh -L`: ssh listens, sshd reaches the target; aes128-gcm',
  isPresent,
  open: (order) => open('-L', order),
}

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { startProgram } from './program.ts'
import type { Scope } from './scope.ts'

const SSHD = '/usr/sbin/sshd'
/** Where a root sshd locks up its unprivileged half; Debian makes it at boot, containers often do not. */
const PRIVILEGE_SEPARATION = '/run/sshd'

/** Why OpenSSH stories are left out on this machine; undefined when they are told. */
export const sshdMissing = existsSync(SSHD) ? undefined : 'no sshd on this machine (Debian: openssh-server)'

/** An OpenSSH server on generated keys that only its own client may enter. */
export interface OpenSsh {
  readonly port: number
  readonly pid: number
  /** Arguments for `ssh` and `scp` that lead through `port` instead of the server's own; `scp` names its port with -P. */
  clientOptions(): string[]
  /** `user@127.0.0.1` */
  readonly login: string
}

/** Starts an sshd of its own on the loopback address; nothing of the machine's own is read or changed. */
export async function startOpenSsh(scope: Scope): Promise<OpenSsh> {
  const folder = await scope.folder('sshd')
  const key = (name: string) => join(folder, name)
  for (const name of ['host', 'user']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key(name)], { stdio: 'ignore' })
  }
  const port = await freePort()
  await writeFile(key('authorized_keys'), await readFile(key('user.pub')), { mode: 0o600 })
  await writeFile(key('known_hosts'), `target ${await readFile(key('host.pub'), 'utf8')}`)
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${key('host')}`,
    `AuthorizedKeysFile ${key('authorized_keys')}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    'PermitRootLogin yes',
    'MaxStartups 100',
    'Subsystem sftp internal-sftp',
  ]
  await writeFile(key('sshd_config'), `${config.join('\n')}\n`)
  if (process.getuid?.() === 0) await mkdir(PRIVILEGE_SEPARATION, { recursive: true, mode: 0o755 })
  const sshd = startProgram(scope, { name: 'sshd', command: SSHD, args: ['-D', '-e', '-f', key('sshd_config')] })
  await sshd.waitFor(/Server listening on 127\.0\.0\.1/)
  return {
    port,
    pid: sshd.pid,
    login: `${userInfo().username}@127.0.0.1`,
    clientOptions: () => [
      ...['-F', '/dev/null', '-i', key('user'), '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes'],
      ...['-o', 'HostKeyAlias=target', '-o', `UserKnownHostsFile=${key('known_hosts')}`, '-o', 'ConnectTimeout=15'],
    ],
  }
}

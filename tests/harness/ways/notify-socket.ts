import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Program, startProgram } from '../program.ts'
import type { Scope } from '../scope.ts'

const PERL = '/usr/bin/perl'

/** Why stories with systemd's messages are left out on this machine; undefined when they are told. */
export const systemdMissing = [PERL, '/usr/bin/systemd-notify'].every((path) => existsSync(path))
  ? undefined
  : 'no perl or systemd-notify on this machine (Debian: perl-base, systemd)'

/** The end of the notification socket where systemd would be. */
export interface NotifySocket {
  /** The value of NOTIFY_SOCKET. */
  readonly path: string
  /** Its output has one line for each line of a message. */
  readonly program: Program
}

/** Reads datagrams of the kernel's own family, which the runtime cannot; systemd-notify also hands over a pipe to be closed. */
const SCRIPT = `
  use Socket; $| = 1;
  socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
  bind($socket, sockaddr_un($ARGV[0])) or die $!;
  print "listening\\n";
  while (defined(recv($socket, my $message, 4096, 0))) { print "$message\\n" }
`

/** Listens as systemd does; the scope ends it. */
export async function listenForSystemd(scope: Scope): Promise<NotifySocket> {
  const path = join(await scope.folder('notify'), 'socket')
  const program = startProgram(scope, { name: 'notify socket', command: PERL, args: ['-e', SCRIPT, path] })
  await program.waitFor(/listening/)
  return { path, program }
}

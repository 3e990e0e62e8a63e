/**
 * Subcommands of rportd: what an administrator does on the machine itself, beside a server or without one.
 * Not for what the API can do as well, unless nobody can log in.
 * Start at command.ts; a new one is a file `x-command.ts` and one entry below.
 */
import { auditCommand } from './audit-command.ts'
import { backupCommand } from './backup-command.ts'
import type { Command } from './command.ts'
import { doctorCommand } from './doctor-command.ts'
import { restoreCommand } from './restore-command.ts'
import { userCommand } from './user-command.ts'

export type { Command, CommandDeps } from './command.ts'

/** Every subcommand. */
export const commands: readonly Command[] = [auditCommand, backupCommand, doctorCommand, restoreCommand, userCommand]

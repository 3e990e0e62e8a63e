import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'

/** What Linux says when nobody has logged in: a process of the system. */
const NOBODY = 4_294_967_295

/** Who runs a command, as far as the machine knows. */
export interface AtTerminal {
  /** The system's user whose rights the command has. */
  readonly system_user: string
  /** The number of the user who logged in to the machine, whatever `sudo` made of him since. Absent: not known. */
  readonly login_uid?: number
}

/** Asks the machine; never fails. @see proc(5), /proc/pid/loginuid */
export async function atTerminal(): Promise<AtTerminal> {
  const text = await readFile('/proc/self/loginuid', 'utf8').catch(() => '') // only Linux knows it
  const loginUid = text === '' ? NOBODY : Number(text)
  return { system_user: userName(), ...(loginUid < NOBODY && { login_uid: loginUid }) }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `${process.geteuid?.() ?? ''}` // in a container a user may have a number and no name
  }
}

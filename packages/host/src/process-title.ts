import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

/**
 * Replaces the command line that the process list shows, so that secrets given as flags are seen by nobody else on the
 * machine. Call it when the arguments have been read: until then the list shows everything. The environment is not touched
 * (it is readable by the same user and root only).
 * @param program  `rportd` or `rport`
 * @param shown    arguments that may be seen, such as `['-c', path]`; never pass flags through unread
 */
export function setProcessTitle(program: string, shown: readonly string[] = []): void {
  const title = [program, ...shown].join(' ')
  process.title = title
  if (process.platform !== 'linux' || isShown(title)) return
  try {
    overwriteArguments(title)
    writeName(program)
  } catch {
    // Without /proc, nobody else reads the arguments there either.
  }
}

/** Whether the runtime has done it: Bun, which the agent as one file runs on, keeps the title to itself. */
function isShown(title: string): boolean {
  try {
    const seen = readFileSync('/proc/self/cmdline', 'utf8').split('\0', 1)[0] ?? ''
    return seen !== '' && title.startsWith(seen)
  } catch {
    return true
  }
}

/** Position of arg_start and arg_end behind the name, which is the second field and may hold spaces. @see proc_pid_stat(5) */
const ARG_START = 48 - 3
const ARG_END = 49 - 3
/** More than the kernel takes for all arguments together would be a misread line. */
const MAX_ARGUMENT_BYTES = 8 * 1024 * 1024

/** Writes over the memory that the kernel shows as this process's arguments. */
function overwriteArguments(title: string): void {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const start = Number(fields[ARG_START])
  const lengthBytes = Number(fields[ARG_END]) - start
  if (!(start > 0 && lengthBytes > 0 && lengthBytes <= MAX_ARGUMENT_BYTES)) return
  const bytes = Buffer.alloc(lengthBytes)
  // The last byte stays NUL: otherwise the kernel would go on showing what lies behind.
  bytes.write(title, 0, lengthBytes - 1, 'utf8')
  const memory = openSync('/proc/self/mem', 'r+')
  try {
    writeSync(memory, bytes, 0, lengthBytes, start)
  } finally {
    closeSync(memory)
  }
}

/** What `top` and `ps -C` call the process; the kernel cuts it at 15 bytes. */
function writeName(program: string): void {
  const file = openSync('/proc/self/comm', 'w')
  try {
    writeSync(file, program)
  } finally {
    closeSync(file)
  }
}

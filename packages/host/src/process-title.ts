/**
 * Replaces the command line that the process list shows, so that secrets given as flags are seen by nobody else on the
 * machine. Call it first of all: until then the list shows everything. The environment is not touched (it is readable by
 * the same user and root only).
 * @param program  `rportd` or `rport`
 * @param shown    arguments that may be seen, such as `['-c', path]`; never pass flags through unread
 */
export function setProcessTitle(program: string, shown: readonly string[] = []): void {
  process.title = [program, ...shown].join(' ')
}

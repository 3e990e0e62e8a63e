import { readFileSync } from 'node:fs'

/**
 * Whether a person started the agent, and no service manager: then the machine's own id and name are used unless told
 * otherwise. Inside a container it is always "a person": there is no service manager to ask.
 * @see agent.md section 1 (rules of the original, per system)
 */
export function isInteractive(
  deps: { platform: string; parentPid: number; readFile?: (path: string) => string } = {
    platform: process.platform,
    parentPid: process.ppid,
  },
): boolean {
  const readFile = deps.readFile ?? ((path: string) => readFileSync(path, 'utf8'))
  const read = (path: string): string => {
    try {
      return readFile(path)
    } catch {
      // Not every system has these files; what cannot be read says nothing.
      return ''
    }
  }
  if (deps.platform !== 'linux') return deps.parentPid !== 1
  if (/docker|lxc/.test(read('/proc/1/cgroup'))) return true
  if (deps.parentPid === 1) return false
  return read(`/proc/${deps.parentPid}/comm`).trim() !== 'systemd'
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { within } from './deadline.ts'
import type { Scope } from './scope.ts'

/** What is kept of a program's output: enough for every test, bounded for a program that shouts. */
const MAX_OUTPUT_CHARS = 8 * 1024 * 1024

/** util-linux's way to say "end this program when the one that started it is gone", a killed test run included. */
const SETPRIV = '/usr/bin/setpriv'

export interface ProgramOptions {
  name: string
  command: string
  args?: readonly string[]
  cwd?: string
  /** Replaces the environment; undefined keeps the test run's own. */
  env?: NodeJS.ProcessEnv
  /** Words in front of the command, such as `ip netns exec NAME`. */
  prefix?: readonly string[]
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A running program in a process group of its own. */
export interface Program {
  readonly name: string
  readonly pid: number
  /** Standard output and standard error so far, interleaved as they came; `stdout` and `stderr` apart. */
  readonly output: string
  readonly stdout: string
  readonly stderr: string
  readonly exited: Promise<Exit>
  readonly hasExited: boolean
  /** The first output that matches, past or future; rejects when the program ends first or time is up. */
  waitFor(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray>
  /** Calls back whenever there is more output, and when it has ended. */
  onOutput(look: () => void): void
  write(text: string): void
  /** Sends a signal to the whole group. */
  signal(signal: NodeJS.Signals): void
  /** SIGTERM, then SIGKILL after 12 s; resolves when it has ended. Idempotent. */
  stop(): Promise<Exit>
  /** SIGKILL, as a power cut would. */
  kill(): Promise<Exit>
}

/** Starts a program; the scope ends it. */
export function startProgram(scope: Scope, options: ProgramOptions): Program {
  const words = [...(options.prefix ?? []), options.command, ...(options.args ?? [])]
  if (existsSync(SETPRIV)) words.unshift(SETPRIV, '--pdeathsig', 'KILL')
  const [command = '', ...args] = words
  const child = spawn(command, args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.env ? { env: options.env } : {}),
  })
  const program = watch(child, options.name)
  scope.add(async () => {
    if (!program.hasExited) await program.stop()
    killGroup(program.pid, 'SIGKILL')
  })
  return program
}

function watch(child: ChildProcessWithoutNullStreams, name: string): Program {
  let output = ''
  let stdout = ''
  let stderr = ''
  let hasExited = false
  const watchers = new Set<() => void>()
  const tellWatchers = () => {
    for (const look of watchers) look()
  }
  const exit = Promise.withResolvers<Exit>()
  child.on('error', (error) => {
    output += String(error)
    hasExited = true
    exit.resolve({ code: null, signal: null })
    tellWatchers()
  })
  child.on('close', (code, signal) => {
    hasExited = true
    exit.resolve({ code, signal })
    tellWatchers()
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(-MAX_OUTPUT_CHARS)
    output = (output + text).slice(-MAX_OUTPUT_CHARS)
    tellWatchers()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_OUTPUT_CHARS)
    output = (output + text).slice(-MAX_OUTPUT_CHARS)
    tellWatchers()
  })
  // A program that ended does not read its input any more; its exit is what tests look at.
  child.stdin.on('error', () => undefined)

  const pid = child.pid ?? -1
  const program: Program = {
    name,
    pid,
    get output() {
      return output
    },
    get stdout() {
      return stdout
    },
    get stderr() {
      return stderr
    },
    get hasExited() {
      return hasExited
    },
    exited: exit.promise,
    async waitFor(pattern, limitMs) {
      const found = Promise.withResolvers<RegExpExecArray>()
      const look = () => {
        const match = pattern.exec(output)
        if (match) found.resolve(match)
        else if (hasExited) found.reject(new Error(`${name} ended before it wrote ${pattern}:\n${output.slice(-4000)}`))
      }
      watchers.add(look)
      look()
      try {
        return await within(found.promise, `${name} writes ${pattern}`, limitMs)
      } catch (error) {
        throw new Error(`${String(error)}\nlast output of ${name}:\n${output.slice(-4000)}`)
      } finally {
        watchers.delete(look)
      }
    },
    onOutput(look) {
      watchers.add(look)
    },
    write(text) {
      child.stdin.write(text)
    },
    signal(signal) {
      if (!hasExited) killGroup(pid, signal)
    },
    async stop() {
      program.signal('SIGTERM')
      const timer = setTimeout(() => program.signal('SIGKILL'), 12_000)
      try {
        return await exit.promise
      } finally {
        clearTimeout(timer)
      }
    },
    kill() {
      program.signal('SIGKILL')
      return exit.promise
    },
  }
  return program
}

/** Ends what is left of a process group; a group that is gone already is what we wanted. */
function killGroup(pid: number, signal: NodeJS.Signals): void {
  if (pid <= 0) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

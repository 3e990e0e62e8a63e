import { fork, spawn } from 'node:child_process'
import type { ConnectorProcess, Message } from './connectors/index.ts'

/** A program to be run. No shell ever sees any of it. */
export interface ProcessRequest {
  /** An absolute path, or a name that PATH of `env` finds. */
  readonly program: string
  readonly args: readonly string[]
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>
  /** Ends the program, and whatever it has started, when it aborts. */
  readonly signal: AbortSignal
}

export interface ProcessResult {
  /** null: a signal has ended it. */
  readonly code: number | null
  /** The beginning of what it wrote to standard error, as text. */
  readonly stderr: string
}

const MAX_STDERR_BYTES = 1024

/**
 * Runs a program to its end. It reads nothing, and what it writes to standard output is thrown away.
 * @throws when it cannot be started, or the signal's reason
 */
export function runProcess({ program, args, env, signal }: ProcessRequest): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    // In a group of its own, so that it can be ended with all its children.
    const child = spawn(program, [...args], { env: { ...env }, stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    const kept: Buffer[] = []
    let keptBytes = 0
    child.stderr.on('data', (chunk: Buffer) => {
      if (keptBytes >= MAX_STDERR_BYTES) return
      kept.push(chunk.subarray(0, MAX_STDERR_BYTES - keptBytes))
      keptBytes += chunk.length
    })
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended already.
      }
      settle(() => reject(signal.reason))
    }
    const settle = (finish: () => void) => {
      signal.removeEventListener('abort', end)
      // A grandchild may hold it open for ever.
      child.stderr.destroy()
      finish()
    }
    signal.addEventListener('abort', end, { once: true })
    child.once('error', (error) => settle(() => reject(error)))
    child.once('exit', (code) => {
      const finish = () => settle(() => resolve({ code, stderr: Buffer.concat(kept).toString('utf8').trim() }))
      // What it wrote last may still be in the pipe: a whole turn of the loop reads it.
      setImmediate(() => setImmediate(finish))
    })
  })
}

const CONNECTOR = new URL('./connectors/connector-process.ts', import.meta.url)

/**
 * Starts a connector, which loads until `begin`. What it has to know is told over the line between the processes, never by arguments or
 * environment, which others on this machine may see. It ends by itself when that line is cut.
 */
export function forkConnector(env: Readonly<Record<string, string>>): ConnectorProcess {
  const child = fork(CONNECTOR, [], {
    serialization: 'advanced',
    env: { ...env },
    // SIGUSR1 would open the runtime's debugger to everybody on this machine.
    execArgv: ['--disable-sigusr1'],
    // Nothing is said there, but by a runtime that fails.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    child.on('error', (error) => child.pid === undefined && resolve(error.message))
  })
  // Of a process that has just ended: `exited` tells.
  const send = (message: object) => void child.send(message, () => undefined)
  return {
    pid: child.pid,
    exited,
    begin: send,
    send,
    onMessages: (receive) => void child.on('message', (messages) => receive(messages as Message[])),
    disconnect: () => child.connected && child.disconnect(),
    kill: () => void child.kill('SIGKILL'),
  }
}

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe } from 'vitest'
import { PATIENCE_MS, within } from './deadline.ts'
import { type Program, startProgram } from './program.ts'
import { ROOT } from './programs.ts'
import type { Scope } from './scope.ts'

const SOURCE = resolve(ROOT, 'tests/peers/go')
const BINARY = resolve(SOURCE, 'bin/peer')

function findGo(): string | undefined {
  for (const command of ['go', '/usr/local/go/bin/go']) {
    try {
      execFileSync(command, ['version'], { stdio: 'ignore' })
      return command
    } catch {
      // Not this one: the next place, or none.
    }
  }
  return undefined
}

const go = findGo()

/** Why the stories with Go peers are left out on this machine; undefined when they are told. */
export const goMissing = go ? undefined : 'no Go toolchain on this machine'

/** `describe` for stories with Go peers: without Go they are left out, and the report says so. */
export function describeWithGo(name: string, ...rest: [() => void] | [{ timeout: number }, () => void]): void {
  const [options, stories] = rest.length === 2 ? rest : [{}, rest[0]]
  if (goMissing) console.warn(`LEFT OUT: ${name}: ${goMissing}`)
  describe.skipIf(goMissing !== undefined)(goMissing ? `${name} (left out: ${goMissing})` : name, options, stories)
}

/** Builds the peer before the first story; without Go there is nothing to build. */
export function buildGoPeer(): void {
  if (!go) return
  execFileSync(go, ['build', '-o', BINARY, '.'], { cwd: SOURCE, stdio: ['ignore', 'inherit', 'inherit'] })
}

/** One line of the peer. Messages of the connection use the words of the wire recordings. */
export interface PeerEvent {
  event: 'message' | 'done' | 'listening' | 'logged-in' | 'registered' | 'closed'
  conn?: number
  dir?: 'agent->server' | 'server->agent'
  kind?: string
  name?: string
  ok?: boolean
  ch?: string
  text?: string
  payload?: unknown
  payloadText?: string
  wantReply?: boolean
  error?: string
  id?: number
  port?: number
  [more: string]: unknown
}

export interface PeerCommand {
  do: string
  conn?: number
  name?: string
  payload?: string
  noReply?: boolean
  ch?: string
  type?: string
  data?: string
  hex?: string
  count?: number
  bytes?: number
  listen?: string
  target?: string
  limitMs?: number
}

/** A running Go peer. */
export interface GoPeer {
  readonly program: Program
  /** Everything it said so far. */
  readonly events: readonly PeerEvent[]
  /** The first event, past or future, that has all these values. */
  waitFor(values: Partial<PeerEvent>, limitMs?: number): Promise<PeerEvent>
  /** Events that have all these values, so far. */
  find(values: Partial<PeerEvent>): PeerEvent[]
  /** Gives a command and waits for its outcome, an `error` included. */
  command(command: PeerCommand): Promise<PeerEvent>
}

const has = (event: PeerEvent, values: Partial<PeerEvent>) =>
  Object.entries(values).every(([key, value]) => event[key] === value)

function startPeer(scope: Scope, role: 'agent' | 'server', flags: readonly string[]): GoPeer {
  if (goMissing) throw new Error(goMissing)
  if (!existsSync(BINARY)) throw new Error(`no ${BINARY}: the runner's set-up builds it`)
  const program = startProgram(scope, { name: `Go ${role}`, command: BINARY, args: [role, ...flags] })
  const events: PeerEvent[] = []
  const waiters = new Set<() => void>()
  let readChars = 0
  const read = () => {
    const end = program.stdout.lastIndexOf('\n') + 1
    const lines = end > readChars ? program.stdout.slice(readChars, end).split('\n') : []
    readChars = Math.max(readChars, end)
    for (const line of lines) if (line !== '') events.push(JSON.parse(line) as PeerEvent)
    for (const look of waiters) look()
  }
  program.onOutput(read)
  let commandCount = 0
  const peer: GoPeer = {
    program,
    events,
    find: (values) => events.filter((event) => has(event, values)),
    async waitFor(values, limitMs = PATIENCE_MS) {
      const found = Promise.withResolvers<PeerEvent>()
      const look = () => {
        const event = events.find((candidate) => has(candidate, values))
        if (event) found.resolve(event)
        else if (program.hasExited) found.reject(new Error(`Go ${role} ended: ${program.output.slice(-2000)}`))
      }
      waiters.add(look)
      look()
      try {
        return await within(found.promise, `Go ${role} says ${JSON.stringify(values)}`, limitMs)
      } catch (error) {
        throw new Error(`${String(error)}\nit said: ${program.output.slice(-3000)}`)
      } finally {
        waiters.delete(look)
      }
    },
    async command(command) {
      const id = ++commandCount
      program.write(`${JSON.stringify({ ...command, id })}\n`)
      return peer.waitFor({ event: 'done', id }, command.limitMs ?? PATIENCE_MS)
    },
  }
  return peer
}

export interface GoAgentOptions {
  url: string
  auth: string
  id: string
  fingerprint?: string
  /** `http:` or `socks5:` URL. */
  proxy?: string
  session?: string
  version?: string
  remotes?: readonly string[]
  denied?: readonly string[]
  /** Go durations, such as `1s`. */
  keepAlive?: string
  comeBack?: string
  habits?: readonly string[]
  patch?: Record<string, unknown>
  traceData?: boolean
}

const flag = (name: string, value: string | undefined): string[] => (value === undefined ? [] : [`-${name}`, value])
const flags = (name: string, values: readonly string[] = []): string[] => values.flatMap((value) => [`-${name}`, value])

/** Starts an agent on the field's own libraries; the scope ends it. */
export const startGoAgent = (scope: Scope, options: GoAgentOptions): GoPeer =>
  startPeer(scope, 'agent', [
    ...flag('url', options.url),
    ...flag('auth', options.auth),
    ...flag('id', options.id),
    ...flag('name', options.id),
    ...flag('fingerprint', options.fingerprint),
    ...flag('proxy', options.proxy),
    ...flag('session', options.session),
    ...flag('version', options.version),
    ...flag('keep-alive', options.keepAlive),
    ...flag('come-back', options.comeBack),
    ...flag('patch', options.patch && JSON.stringify(options.patch)),
    ...flags('remote', options.remotes),
    ...flags('deny', options.denied),
    ...flags('habit', options.habits),
    ...(options.traceData ? ['-trace-data'] : []),
  ])

export interface GoServerOptions {
  auth: string
  seed?: string
  port?: number
  keepAlive?: string
  refuse?: string
  habits?: readonly string[]
  traceData?: boolean
}

/** Starts a server on the field's own libraries and waits until it listens; the scope ends it. */
export async function startGoServer(scope: Scope, options: GoServerOptions): Promise<GoPeer & { port: number }> {
  const peer = startPeer(scope, 'server', [
    ...flag('auth', options.auth),
    ...flag('seed', options.seed),
    ...flag('listen', `127.0.0.1:${options.port ?? 0}`),
    ...flag('keep-alive', options.keepAlive),
    ...flag('refuse', options.refuse),
    ...flags('habit', options.habits),
    ...(options.traceData ? ['-trace-data'] : []),
  ])
  const { port = 0 } = await peer.waitFor({ event: 'listening' })
  return Object.assign(peer, { port })
}

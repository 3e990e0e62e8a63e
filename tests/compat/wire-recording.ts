import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { PeerEvent } from '../harness/index.ts'
import { match, type Variables } from './replay/replay.mjs'

/** Who sends; the recordings' words. */
export type Direction = 'agent->server' | 'server->agent'

interface RecordedMessage {
  dir: Direction
  kind: string
  conn?: number
  ch?: string
  name?: string
  text?: string
  payload?: unknown
  [more: string]: unknown
}

/** What we do differently on purpose, as a change to a recorded message; docs/compatibility.md has the reasons. */
function mended(message: RecordedMessage): RecordedMessage {
  if (message.name === 'put_capabilities') {
    // Measurements are not collected yet, and features of our own are announced here.
    return { ...message, payload: { ...(message.payload as object), MonitoringVersion: '<int>', 'Features?': '<any>' } }
  }
  if (message.name === 'new_connection' && message.kind === 'global-request') {
    // Features of our own are announced here; the configuration leaves without passwords and in our own words.
    const payload = message.payload as object
    return { ...message, payload: { ...payload, 'Features?': '<any>', ClientConfiguration: '<any>' } }
  }
  if (message.kind === 'http-upgrade') return { ...message, headers: { ...(message['headers'] as object) } }
  if (message.kind === 'auth') return { ...message, password: undefined } // the peer does not show passwords
  return message
}

/** Messages of one direction, as the recording has them; ends of connections are looked at by the stories themselves. */
function recorded(scenario: string, dir: Direction, conn: number | undefined): RecordedMessage[] {
  const file = resolve(import.meta.dirname, 'recordings/wire', `${scenario}.json`)
  const { messages } = JSON.parse(readFileSync(file, 'utf8')) as { messages: RecordedMessage[] }
  const chosen = messages.filter(
    (message) => message.dir === dir && message.kind !== 'closed' && (conn === undefined || message.conn === conn),
  )
  return chosen.map(mended)
}

/** Joins the pieces of a channel's data: where they were split is arbitrary. */
function joinData<Message extends { kind?: string; ch?: string; text?: string }>(
  messages: readonly Message[],
): Message[] {
  const joined: Message[] = []
  for (const message of messages) {
    const last = joined.at(-1)
    if (message.kind === 'channel-data' && last?.kind === 'channel-data' && last.ch === message.ch) {
      joined[joined.length - 1] = { ...last, text: `${last.text}${message.text}` }
    } else joined.push(message)
  }
  return joined
}

const order = (message: { kind?: string | undefined; name?: string | undefined; ch?: string | undefined }) =>
  [message.kind, message.name, message.ch].filter((part) => part !== undefined).join(' ')

export interface Comparison {
  scenario: string
  /** The side under test: what it sent is compared. What the other side sent is the cause, not the result. */
  sender: Direction
  /** Connection of the recording; undefined takes all of them. */
  conn?: number
  seen: readonly PeerEvent[]
  variables: Variables
}

/**
 * Compares what one side sent with the recording: the same messages in the same order with the same content.
 * @returns what differs, as readable lines; empty when nothing does
 */
export function differences(comparison: Comparison): string[] {
  const expected = recorded(comparison.scenario, comparison.sender, comparison.conn)
  // The answer to a login is known by its outcome; the peer's own bookkeeping is no message.
  const seen = joinData(comparison.seen.filter((event) => event.event === 'message' && event.dir === comparison.sender))
  const wantedOrder = expected.map(order)
  const seenOrder = seen.map(order)
  if (JSON.stringify(wantedOrder) !== JSON.stringify(seenOrder)) {
    return [`order: recorded ${wantedOrder.join(' | ')}; seen ${seenOrder.join(' | ')}`]
  }
  return expected.flatMap((message, index) => {
    const { dir, kind, conn, relay, password, ...template } = message
    const event = seen[index] as Record<string, unknown>
    const actual = Object.fromEntries(Object.keys(template).map((key) => [key, event[key]]))
    const found = match(template, actual, comparison.variables)
    return found.map(
      (difference) =>
        `${order(message)} ${difference.path}: ${difference.why}; recorded ${JSON.stringify(difference.expected)}, seen ${JSON.stringify(difference.actual)}`,
    )
  })
}

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { AgentRequest } from './agent-request.ts'
import { maskClientConfiguration } from './client-configuration.ts'
import { agentRequests, serverRequests } from './requests.ts'
import { parseTunnelTarget } from './tunnel-channel.ts'

/** Exchanges between agent and server of the original; placeholders such as `<uuid:wire-1>` stand for what varies. */
const folder = new URL('../../../tests/compat/recordings/wire/', import.meta.url)

interface Message {
  kind: string
  name: string
  ok?: boolean
  payload?: unknown
  payloadText?: string
}

const messages = readdirSync(folder).flatMap((file) => {
  const recording = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as { messages: Message[] }
  return recording.messages.map((message) => ({ ...message, file }))
})

/** A value for each placeholder that makes up the whole value. */
const SAMPLES: Record<string, unknown> = {
  int: 7,
  num: 1.5,
  bool: true,
  rfc3339nano: '2026-11-21T00:23:10.112363131Z',
  'array|null': null,
  port: '21201',
  ip: '192.0.2.2',
}

function sample(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== '<each?>').map(sample)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sample(item)]))
  }
  if (typeof value !== 'string') return value
  const whole = /^<([a-z0-9|]+)(?::[^>]*)?>$/.exec(value)?.[1]
  if (whole !== undefined && whole in SAMPLES) return SAMPLES[whole]
  return value.replaceAll(/<port(?::[^>]*)?>/g, '21202').replaceAll(/<([a-z]+)(?::[^>]*)?>/g, 'sample-$1')
}

const declared: AgentRequest<unknown, unknown>[] = Object.values({ ...agentRequests, ...serverRequests })

describe.each(declared.map((request) => [request.name, request] as const))('recorded %s', (name, request) => {
  const recorded = messages.filter((message) => message.name === name && message.payloadText === undefined)
  const asks = recorded.filter((message) => message.kind === 'global-request')
  const answers = recorded.filter((message) => message.kind === 'reply' && message.ok)
  const textOf = (payload: unknown) => (payload === '' ? '' : JSON.stringify(sample(payload)))

  test('is among the recordings', () => {
    expect(asks.length).toBeGreaterThan(0)
    if (request.wantReply) expect(answers.length).toBeGreaterThan(0)
  })

  test.each(asks.map((message) => [message.file, message.payload] as const))(
    'is asked the same way again: %s',
    (_file, payload) => {
      const text = textOf(payload)
      expect(request.ask.encode(request.ask.decode(text))).toBe(withoutSecrets(text))
    },
  )

  test.each(answers.map((message) => [message.file, message.payload] as const))(
    'is answered the same way again: %s',
    (_file, payload) => {
      const text = textOf(payload)
      expect(request.answer.encode(request.answer.decode(text))).toBe(text)
    },
  )
})

/** Secrets are dropped at the moment of reading: the one difference that is meant. */
function withoutSecrets(text: string): string {
  if (!text.includes('ClientConfiguration')) return text
  const document = JSON.parse(text)
  return JSON.stringify({ ...document, ClientConfiguration: maskClientConfiguration(document.ClientConfiguration) })
}

describe('recorded channels', () => {
  const targets = messages.filter((message) => message.kind === 'channel-open' && message.name === 'rport')

  test.each([...new Set(targets.map((message) => String(sample(message.payloadText))))])('lead to %s', (text) => {
    expect(parseTunnelTarget(text)).toMatchObject({ host: '127.0.0.1', port: 21_202 })
  })
})

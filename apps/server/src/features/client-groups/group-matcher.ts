import { type ClientGroupParams, wildcardMatcher } from '@rport/api'
import type { Client } from '../clients/index.ts'

/** Whether a client belongs to a group. */
export type GroupMatcher = (client: Client) => boolean

/** What of a client each parameter is held against; no text at all: the client has no such fact. */
const facts: { readonly [Name in Exclude<keyof ClientGroupParams, 'tag'>]: (client: Client) => readonly string[] } = {
  client_id: (client) => [client.id],
  name: (client) => single(client.name),
  os: (client) => single(client.os),
  os_arch: (client) => single(client.osArch),
  os_family: (client) => single(client.osFamily),
  os_kernel: (client) => single(client.osKernel),
  hostname: (client) => single(client.hostname),
  ipv4: (client) => client.ipv4 ?? [],
  ipv6: (client) => client.ipv6 ?? [],
  version: (client) => single(client.version),
  address: (client) => single(client.address),
  client_auth_id: (client) => single(client.clientAuthId),
  connection_state: (client) => [client.disconnectedAt === undefined ? 'connected' : 'disconnected'],
}

const single = (text: string): readonly string[] => (text === '' ? [] : [text])

/**
 * Compiles parameters. All that are there have to hold, each by one of its patterns; an empty list holds for clients
 * without such a fact; without any parameter nobody belongs to the group. Letter case is ignored, `*` is any run of
 * characters, and time grows with the length of pattern and fact together.
 */
export function compileGroup(params: ClientGroupParams): GroupMatcher {
  const tests: GroupMatcher[] = []
  for (const [name, read] of Object.entries(facts)) {
    const patterns = params[name as keyof typeof facts]
    if (patterns === null) continue
    const holds = oneOf(patterns)
    tests.push((client) => holds(read(client)))
  }
  if (params.tag !== null) {
    const holds = Array.isArray(params.tag) ? oneOf(params.tag) : tagRule(params.tag)
    tests.push((client) => holds(client.tags ?? []))
  }
  return tests.length === 0 ? () => false : (client) => tests.every((test) => test(client))
}

type TextsTest = (texts: readonly string[]) => boolean

const compile = (pattern: string) => {
  const matches = wildcardMatcher(pattern.toLowerCase().split('*'))
  return (text: string) => matches(text.toLowerCase())
}

function oneOf(patterns: readonly string[]): TextsTest {
  if (patterns.length === 0) return (texts) => texts.length === 0
  const matchers = patterns.map(compile)
  return (texts) => texts.some((text) => matchers.some((matches) => matches(text)))
}

function tagRule(rule: Readonly<Record<string, readonly string[]>>): TextsTest {
  if (rule['or']) return oneOf(rule['or'])
  const matchers = (rule['and'] ?? []).map(compile)
  if (matchers.length === 0) return (texts) => texts.length === 0
  return (texts) => matchers.every((matches) => texts.some(matches))
}

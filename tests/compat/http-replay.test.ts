import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createScope, RPORT, RPORTD, run } from '../harness/index.ts'

const RUN_LIMIT_MS = 240_000
const REPLAY = resolve(import.meta.dirname, 'replay/replay.mjs')
const RECORDINGS = resolve(import.meta.dirname, 'recordings/http')

interface AreaReport {
  area: string
  matched: number
  total: number
  diffs: { name: string; diffs: { path: string; why: string; expected: unknown; actual: unknown }[] }[]
}

const scope = createScope()
afterAll(() => scope.close())

/** Replays areas of one profile against the built programs and returns what the tool found. */
async function replay(profile: string, areas: readonly string[]): Promise<AreaReport[]> {
  const folder = await scope.folder('replay')
  const report = join(folder, 'report.json')
  const programs = ['--server-cmd', RPORTD, '--agent-cmd', RPORT, '--run', folder]
  const choice = [
    '--golden',
    RECORDINGS,
    '--profile',
    profile,
    '--area',
    areas.join(','),
    '--json',
    report,
    '--show',
    '50',
  ]
  const result = await run(scope, {
    name: 'replay',
    command: process.execPath,
    args: [REPLAY, ...programs, ...choice],
    limitMs: RUN_LIMIT_MS,
  })
  if (result.code === 3) throw new Error(`the programs did not start:\n${result.output}`)
  console.info(result.output)
  return JSON.parse(await readFile(report, 'utf8')) as AreaReport[]
}

const differing = (reports: readonly AreaReport[]) =>
  Object.fromEntries(reports.map((report) => [report.area, report.diffs.map((diff) => diff.name).sort()]))

/** Operations of areas that come with later versions: until then their paths are not known. */
const LATER =
  /^\/api\/v1\/(?:clients\/[^/]+\/)?(?:commands|scripts|library|schedules|stored-tunnels|updates-status|graph-metrics|metrics|processes|mountpoints|files|notification-logs|test)\b/

interface Exchange {
  name: string
  request?: { path?: string }
  response?: object
  /** What the tool does not compare. */
  fault?: unknown
  withheld?: unknown
  repaired?: unknown
}

/** Names of the exchanges of an area that ask for what is not there yet. */
async function laterIn(area: string): Promise<string[]> {
  const recording = JSON.parse(await readFile(join(RECORDINGS, `${area}.json`), 'utf8')) as { exchanges: Exchange[] }
  const isCompared = ({ response, fault, withheld, repaired }: Exchange) =>
    response !== undefined && !fault && !withheld && !repaired
  const later = recording.exchanges.filter(
    (exchange) => isCompared(exchange) && LATER.test(exchange.request?.path ?? ''),
  )
  return later.map(({ name }) => name)
}

const UDP = 'tunnels of UDP come with a later version; until then they are refused with 400'
const PROXY = 'the HTTPS proxy in front of tunnels comes with a later version; until then it is refused with 400'
const SHOWS_COMMANDS = 'shows the commands, scripts and schedules of the exchanges before, which are not there yet'
const SHOWS_UPLOADS = 'shows the uploads of the exchanges before, which are not there yet'
const SHOWS_UDP = 'shows the UDP tunnels of the exchanges before, which are not there yet'

const ADDRESS = 'the original adds a port to the address of a session after its first use'

/** Exchanges whose answers differ for now or on purpose, by area; each with its reason. Those of LATER need no row. */
const DIFFERING: Record<string, Record<string, string>> = {
  auth: {},
  'no-credentials': {},
  'no-permission': {},
  permissions: {},
  tokens: {},
  sessions: { 'list, ordered by last access': ADDRESS },
  users: {},
  'user-groups': {},
  'client-groups': {},
  'client-acl': {},
  attributes: {},
  'status-me': {},
  clients: {},
  tunnels: {
    'http_proxy with basic auth': PROXY,
    'through the proxy without password': PROXY,
    'through the proxy with password': PROXY,
    'close the proxy tunnel': PROXY,
    'udp tunnel': UDP,
    'datagram through it': UDP,
    'second datagram': UDP,
    'tcp+udp tunnel': UDP,
    'datagram through the tcp+udp tunnel': UDP,
    'delete udp': UDP,
    'all tunnels': SHOWS_UDP,
    'tunnels of one client': SHOWS_UDP,
  },
  'agent-port': {},
  legacy: {},
  limits: {},
  'clients-auth': {},
  vault: {},
  auditlog: {
    'start and end of the command': SHOWS_COMMANDS,
    'limited user sees its own entries': SHOWS_COMMANDS,
  },
  'auditlog-kinds': {
    'client.command execute.start': SHOWS_COMMANDS,
    'client.command execute.done': SHOWS_COMMANDS,
    'client.script execute.start': SHOWS_COMMANDS,
    'client.script execute.done': SHOWS_COMMANDS,
    'library.command create': SHOWS_COMMANDS,
    'library.command update': SHOWS_COMMANDS,
    'library.command delete': SHOWS_COMMANDS,
    'library.script create': SHOWS_COMMANDS,
    'library.script update': SHOWS_COMMANDS,
    'library.script delete': SHOWS_COMMANDS,
    'schedule create': SHOWS_COMMANDS,
    'schedule update': SHOWS_COMMANDS,
    'schedule delete': SHOWS_COMMANDS,
    'uploads create': SHOWS_UPLOADS,
    'uploads failed': SHOWS_UPLOADS,
    'uploads success': SHOWS_UPLOADS,
    'client.tunnel delete':
      'shows the first tunnel that was closed, which the original had opened behind its HTTPS proxy',
    'client delete': 'shows the deletion of a client in exchanges that are not replayed here',
  },
}

const MASKED = 'passwords of agents are masked in every reply'
const USED_TWICE = 'a code of an app is good once, so the login before has not been used up by it'

/** The same for the other profiles. */
const OTHER_PROFILES: Record<string, Record<string, Record<string, string>>> = {
  totp: { totp: { 'the refused attempt has used up the login': USED_TWICE } },
  twofa: { 'twofa-script': {} },
  static: { lockout: {}, 'static-users': { 'clients-auth': MASKED, 'clients-auth one': MASKED } },
  filedb: { 'file-users': {} },
}

/** The lists above, as the tool would say it. */
async function expectedOf(areas: Record<string, Record<string, string>>) {
  const named = Object.entries(areas).map(async ([area, reasons]) => {
    return [area, [...Object.keys(reasons), ...(await laterIn(area))].sort()] as const
  })
  return Object.fromEntries(await Promise.all(named))
}

describe('recorded exchanges of the original', () => {
  test.each(Object.entries(OTHER_PROFILES))(
    'are answered alike with the settings of %s',
    { timeout: RUN_LIMIT_MS },
    async (profile, areas) => {
      expect(differing(await replay(profile, Object.keys(areas)))).toEqual(await expectedOf(areas))
    },
  )

  test('are answered alike, but for the ones listed here', { timeout: RUN_LIMIT_MS }, async () => {
    expect(differing(await replay('main', Object.keys(DIFFERING)))).toEqual(await expectedOf(DIFFERING))
  })
})

import { lookup } from 'node:dns/promises'
import type { Finding } from '@rport/host'
import {
  type Clock,
  errorCode,
  errorMessage,
  formatDuration,
  joinHostPort,
  type Logger,
  MS_PER_MINUTE,
  parseIp,
} from '@rport/kit'
import { askPlainly, type DialOptions, dialServer, TransportError, type Way, type WayStep } from '@rport/transport'
import type { ConnectionConfig, ServerAddressConfig } from '../config/index.ts'
import { toDialOptions } from '../link/index.ts'
import { adviceFor, type Stage } from './advice.ts'

/** More than that is no wrong rounding: logins with codes and certificates begin to fail. */
const LARGE_SKEW_MS = MS_PER_MINUTE
/** For the question about the time, after everything else has worked. */
const TIME_LIMIT_MS = 10_000

export interface WayDeps {
  readonly server: ServerAddressConfig
  readonly connection: ConnectionConfig
  readonly clock: Clock
  readonly log: Logger
  /** Name look-up; the system's unless a test has its own. */
  readonly resolve?: (host: string) => Promise<readonly { readonly address: string }[]>
}

/**
 * Goes the way to one server, step by step and with the agent's own dialling, logs in and leaves again. Nothing is registered: an agent
 * of this machine that is connected is not disturbed, and the server sees no more than a login.
 * @returns a finding for each step, up to the first that fails: what comes after it would tell nothing
 */
export async function examineWay(address: string, deps: WayDeps): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const ok = (check: string, detail: string) => findings.push({ check, outcome: 'ok', detail })
  const fail = (stage: Stage, detail: string) => {
    findings.push({ check: stage, outcome: 'fail', detail, fix: adviceFor(stage, detail, deps.server) })
    return findings
  }
  let options: DialOptions
  try {
    options = await toDialOptions(address, deps)
  } catch (error) {
    return fail('certificate', errorMessage(error))
  }
  const { url, proxy } = options
  const first = proxy ?? { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) }
  try {
    ok('name', await describeName(first.host, deps.resolve ?? ((host) => lookup(host, { all: true }))))
  } catch (error) {
    return fail('name', `${first.host} is not known (${errorCode(error) ?? errorMessage(error)})`)
  }

  let reached: WayStep | undefined
  let fingerprint: string | undefined
  const onStep = (step: WayStep) => {
    reached = step
    if (step === 'connected') ok('connection', `${joinHostPort(first.host, first.port)} accepts it`)
    if (step === 'through-proxy') ok('proxy', `it opens the way to ${url.host}`)
    if (step === 'encrypted') ok('certificate', `${url.hostname} has proved its name`)
    if (step === 'upgraded') ok('WebSocket', `an rport server answers at ${url.host}`)
  }
  const onFingerprint = (shown: string) => {
    fingerprint = shown
  }
  try {
    const connection = await dialServer({ ...options, onStep, onFingerprint })
    connection.close('the doctor leaves')
  } catch (error) {
    if (fingerprint !== undefined) findings.push(...judgeFingerprint(fingerprint, deps.server, error))
    const stage = stageOf(error, reached, url, proxy !== undefined)
    return stage === 'fingerprint' ? findings : fail(stage, errorMessage(error))
  }
  findings.push(...judgeFingerprint(fingerprint ?? '', deps.server, undefined))
  ok('credentials', deps.server.auth ? `the server knows ${deps.server.auth.id}` : 'the server wants none')
  findings.push(await examineTime(options, deps.clock))
  return findings
}

async function describeName(host: string, resolve: NonNullable<WayDeps['resolve']>): Promise<string> {
  if (parseIp(host)) return `${host} is an address`
  const addresses = await resolve(host)
  return `${host} is ${addresses.map(({ address }) => address).join(', ')}`
}

function judgeFingerprint(shown: string, { fingerprint }: ServerAddressConfig, error: unknown): Finding[] {
  const check = 'fingerprint'
  if (error instanceof TransportError && error.code === 'fingerprint-mismatch') {
    const detail = `the server shows ${shown}, expected is ${fingerprint}; no password was sent`
    const fix =
      'ask the administrator: if the server has a new key, set client.fingerprint to the one it shows; if not, somebody stands in between'
    return [{ check, outcome: 'fail', detail, fix }]
  }
  if (fingerprint !== undefined) return [{ check, outcome: 'ok', detail: 'it is the expected one' }]
  const fix = `compare it with the server's, then set client.fingerprint = "${shown}"`
  return [{ check, outcome: 'warn', detail: `any server is trusted; this one shows ${shown}`, fix }]
}

/** Which step of the way an error belongs to. */
function stageOf(error: unknown, reached: WayStep | undefined, url: URL, hasProxy: boolean): Stage {
  const code = error instanceof TransportError ? error.code : undefined
  if (code === 'fingerprint-mismatch') return 'fingerprint'
  if (code === 'auth-refused') return 'credentials'
  if (code === 'proxy-refused') return 'proxy'
  if (code === 'certificate-refused') return 'certificate'
  if (reached === 'upgraded') return 'handshake'
  if (hasProxy && (reached === undefined || reached === 'connected')) return 'proxy'
  if (reached === undefined) return 'connection'
  return url.protocol === 'wss:' && reached !== 'encrypted' ? 'certificate' : 'WebSocket'
}

/** Whoever answers HTTP tells the time; a second connection, because an upgrade's answer has no date. */
async function examineTime(way: Way, clock: Clock): Promise<Finding> {
  const check = 'clock'
  const ending = new AbortController()
  const timer = clock.setTimeout(() => ending.abort(new Error('no answer')), TIME_LIMIT_MS)
  try {
    const { onStep: _, ...quietly } = way
    const { at } = await askPlainly(quietly, ending.signal)
    if (at === undefined) return { check, outcome: 'ok', detail: 'the server does not tell its time' }
    const skewMs = clock.now() - at
    if (Math.abs(skewMs) < LARGE_SKEW_MS) return { check, outcome: 'ok', detail: 'it agrees with the server' }
    const direction = skewMs > 0 ? 'ahead of' : 'behind'
    const detail = `this machine is ${formatDuration(Math.abs(Math.round(skewMs / 1000) * 1000))} ${direction} the server`
    return { check, outcome: 'warn', detail, fix: 'set the clock that is wrong: timedatectl set-ntp true' }
  } catch (error) {
    return { check, outcome: 'ok', detail: `the server does not tell its time (${errorMessage(error)})` }
  } finally {
    timer.cancel()
  }
}

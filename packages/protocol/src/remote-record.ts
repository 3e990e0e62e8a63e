import { joinHostPort, MS_PER_MINUTE, NS_PER_MS } from '@rport/kit'
import type { Fields } from './go-fields.ts'
import type { JsonObject } from './go-json.ts'
import { isHost, parsePort } from './host-text.ts'
import { MAX_FACT_CHARS, MAX_HOST_CHARS, MAX_SETTING_CHARS } from './limits.ts'
import type { RemoteSpec, TunnelProtocol } from './remote.ts'

/** A tunnel as agent and server tell each other about it, and as the server stores it. */
export interface RemoteRecord extends RemoteSpec {
  /** Shown to people. */
  readonly name: string
  /** The server chose `listenPort`. */
  readonly listenPortRandom: boolean
  /** User who opened it; empty for the standing remotes of an agent. */
  readonly owner: string
  /** What speaks at the target (`http`, `ssh`, …), as a hint for viewers. */
  readonly scheme: string | null
  /** Text of a tunnel ACL; null and empty: everybody. */
  readonly acl: string | null
  /** 0: never closes for lack of use. Whole minutes on the wire. */
  readonly idleTimeoutMs: number
  /** Life time from its start; 0: none. */
  readonly autoCloseMs: number
  readonly httpProxy: boolean
  readonly hostHeader: string
  readonly authUser: string
  readonly authPassword: string
  readonly tunnelUrl: string
}

const PROTOCOLS: readonly string[] = ['tcp', 'udp', 'tcp+udp'] satisfies TunnelProtocol[]
const isProtocol = (text: string): text is TunnelProtocol => PROTOCOLS.includes(text)
/** 104 days: beyond it a number loses nanoseconds; the API allows 31. */
const MAX_AUTO_CLOSE_NS = Number.MAX_SAFE_INTEGER
const MAX_IDLE_MINUTES = 1e9

/** A record with nothing but its two ends; `facts` fills in the rest. */
export const toRemoteRecord = (spec: RemoteSpec, facts: Partial<RemoteRecord> = {}): RemoteRecord => ({
  name: '',
  listenPortRandom: false,
  owner: '',
  scheme: null,
  acl: null,
  idleTimeoutMs: 0,
  autoCloseMs: 0,
  httpProxy: false,
  hostHeader: '',
  authUser: '',
  authPassword: '',
  tunnelUrl: '',
  ...spec,
  ...facts,
})

/** The object on the wire, with the original's keys in their order; ports are texts, `auto_close` is nanoseconds. */
export const writeRemoteRecord = (record: RemoteRecord): JsonObject => ({
  name: record.name,
  protocol: record.protocol,
  lhost: record.listenHost,
  lport: record.listenPort === undefined ? '' : String(record.listenPort),
  lport_random: record.listenPortRandom,
  owner: record.owner,
  rhost: record.targetHost,
  rport: String(record.targetPort),
  scheme: record.scheme,
  acl: record.acl,
  idle_timeout_minutes: Math.round(record.idleTimeoutMs / MS_PER_MINUTE),
  auto_close: Math.round(record.autoCloseMs * NS_PER_MS),
  http_proxy: record.httpProxy,
  host_header: record.hostHeader,
  auth_user: record.authUser,
  auth_password: record.authPassword,
  tunnel_url: record.tunnelUrl,
})

/** Reads the object of the wire. @throws DecodeError for wrong types, and for ends that no tunnel can have */
export function readRemoteRecord(fields: Fields): RemoteRecord {
  const protocol = fields.exactText('protocol', 16)
  if (!isProtocol(protocol)) {
    throw fields.refuse('protocol', JSON.stringify(protocol), 'tcp, udp or tcp+udp')
  }
  const targetPort = readPort(fields, 'rport')
  if (targetPort === undefined) throw fields.refuse('rport', 'nothing', 'a port from 1 to 65535')
  return {
    name: fields.text('name', MAX_FACT_CHARS),
    protocol,
    listenHost: readHost(fields, 'lhost'),
    listenPort: readPort(fields, 'lport'),
    listenPortRandom: fields.boolean('lport_random'),
    owner: fields.text('owner', MAX_FACT_CHARS),
    targetHost: readHost(fields, 'rhost'),
    targetPort,
    scheme: fields.nullableText('scheme', 64),
    acl: fields.nullableText('acl', MAX_SETTING_CHARS * 8),
    idleTimeoutMs: fields.integer('idle_timeout_minutes', 0, MAX_IDLE_MINUTES) * MS_PER_MINUTE,
    autoCloseMs: fields.integer('auto_close', 0, MAX_AUTO_CLOSE_NS) / NS_PER_MS,
    httpProxy: fields.boolean('http_proxy'),
    hostHeader: fields.exactText('host_header', MAX_HOST_CHARS + 10),
    authUser: fields.exactText('auth_user', MAX_FACT_CHARS),
    authPassword: fields.exactText('auth_password', MAX_FACT_CHARS),
    tunnelUrl: fields.exactText('tunnel_url', MAX_SETTING_CHARS),
  }
}

/** The text by which the original tells whether two remotes are the same. */
export function remoteText(record: RemoteSpec & { readonly acl: string | null }): string {
  const target = joinHostPort(record.targetHost, record.targetPort)
  const protocol = record.protocol === 'tcp' ? '' : `/${record.protocol}`
  const acl = record.acl === null ? '' : `(acl:${record.acl})`
  return `${record.listenHost}:${record.listenPort ?? ''}:${target}${protocol}${acl}`
}

function readPort(fields: Fields, key: string): number | undefined {
  const text = fields.exactText(key, 20)
  if (text === '') return undefined
  const port = parsePort(text)
  if (port === undefined) throw fields.refuse(key, JSON.stringify(text), 'a port from 1 to 65535, as text')
  return port
}

function readHost(fields: Fields, key: string): string {
  const host = fields.exactText(key, MAX_HOST_CHARS)
  if (host !== '' && !isHost(host)) throw fields.refuse(key, JSON.stringify(host), 'a host name or an address')
  return host
}

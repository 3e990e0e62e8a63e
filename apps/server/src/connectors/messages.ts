import type { IpNetwork, LogLevel } from '@rport/kit'
import type { KeepAlivePolicy, RequestReply } from '@rport/transport'
import type { Origin } from '../agents/handshake-slots.ts'
import type { LinkRefusal } from '../agents/link-counts.ts'
import type { TunnelWay } from '../visitors/index.ts'

/**
 * Everything that the main process and a connector say to each other. Agents, sockets and tunnels have numbers: those of agents and
 * sockets are given by the connector, those of tunnels by the main process. Plain data only. Sizes are bounded where they come in: payloads
 * by the limit of SSH requests, log fields by the log.
 */

/** All that a connector has to know; sent before the conversation begins. The seed of the host key is in it: it goes no other way. */
export interface ConnectorSettings {
  /** 1, 2, …: for the log and the process list. */
  readonly number: number
  readonly keySeed: string
  readonly logLevel: LogLevel
  readonly limits: {
    readonly maxConcurrentHandshakes: number
    readonly maxRequestBytes: number
    readonly trustedProxies: readonly IpNetwork[]
  }
  /** Path of the socket behind which the main process answers plain requests. */
  readonly plainDoor: string
}

export interface ListeningAt {
  readonly host: string
  readonly port: number
}

/** An agent that has logged in. */
export interface ArrivedFacts {
  readonly agent: number
  readonly user: string
  readonly peerIdent: string
  /** Of the TCP peer. */
  readonly remoteAddress: string
  /** The true one. */
  readonly address: string
}

/** What the main process asks: `[question, answer]`. */
export interface MainAsks {
  /** Answered when everything is loaded, and from then on at once: whether it does its work. */
  ready: [null, null]
  listenForAgents: [ListeningAt, ListeningAt]
  /** Ends every connection; answered when all their ends have been told. */
  close: [null, null]
  /** Asked at a scrape. `bytes`: agent, received, sent, agent, … of those on which something has moved since the last time. */
  figures: [null, { pendingHandshakes: number; bytes: Float64Array }]
  request: [{ agent: number; name: string; payload: Buffer; timeoutMs: number }, RequestReply]
  /** Answered when the port accepts. */
  listen: [{ agent: number; tunnel: number; way: TunnelWay }, null]
  /** Visitors of a tunnel at this moment. */
  countVisitors: [{ tunnel: number }, number]
  changeAcl: [{ tunnel: number; acl: string | null }, null]
  /** Answered when the port is free. */
  unlisten: [{ tunnel: number }, null]
}

/** What the main process tells. */
export interface MainTells {
  stopListening: null
  /** A socket is one too many of its address. */
  drop: { socket: number }
  serve: { agent: number }
  notify: { agent: number; name: string; payload: Buffer }
  probe: { agent: number }
  features: { agent: number; halfClose: boolean; zeroMask: boolean; earlyData: boolean }
  watch: { agent: number; policy: KeepAlivePolicy; wantsAlive: boolean }
  end: { agent: number; reason: string }
}

/** What a connector asks. */
export interface ConnectorAsks {
  judge: [{ socket: number; address: string; isForwarded: boolean; isAgent: boolean }, 'banned' | 'limit' | Origin]
  login: [{ clientAuthId: string; password: string; address: string }, boolean]
  agentRequest: [{ agent: number; name: string; payload: Buffer; wantReply: boolean }, RequestReply]
}

/** What a connector tells. */
export interface ConnectorTells {
  log: { level: LogLevel; fields: Readonly<Record<string, unknown>>; message: string }
  arrived: { socket: number; address: string }
  /** The socket has closed without a handshake, or the handshake is over. */
  settled: { socket: number }
  refused: { reason: LinkRefusal }
  agent: ArrivedFacts
  ended: { agent: number; reason: CloseFacts; receivedBytes: number; sentBytes: number }
  alive: { agent: number }
  /** Visitors of tunnels whose number has changed. */
  visitors: { changes: readonly (readonly [tunnel: number, count: number])[] }
}

export interface CloseFacts {
  readonly code: 'local' | 'peer' | 'network' | 'protocol' | 'silent' | 'handshake' | 'auth' | 'fingerprint'
  readonly text: string
}

/** The main process's end says these. */
export interface MainSays {
  asks: MainAsks
  tells: MainTells
}

/** A connector's end says these. */
export interface ConnectorSays {
  asks: ConnectorAsks
  tells: ConnectorTells
}

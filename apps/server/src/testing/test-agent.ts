import { connect } from 'node:net'
import { type ConnectionRequest, parseTunnelTarget, type RemoteRecord } from '@rport/protocol'
import { type Channel, type ChannelOpen, type Connection, pipeSocket, type RequestReply } from '@rport/transport'
import { connectPair } from '@rport/transport/testing'
import type { AgentSession, Clients } from '../features/clients/index.ts'
import { connectionRequest } from './connection-request.ts'

/** An agent that joined a server over an in-memory line, with real SSH and real sockets towards its targets. */
export interface TestAgent {
  readonly clientId: string
  /** What the server answered to the registration. */
  readonly remotes: readonly RemoteRecord[] | null
  /** The agent's end. */
  readonly connection: Connection
  /** As the listener of the server knows it. */
  readonly session: AgentSession
  /** What the server asked, in order. */
  readonly asked: readonly string[]
  /** Leaves, and waits until the server has noticed. */
  leave(): Promise<void>
}

export interface TestAgentOptions {
  readonly request?: Partial<ConnectionRequest>
  /** Whether tunnels to this target are allowed. */
  readonly allows?: (target: string) => boolean
  /** Whether it has a place for tags and labels. */
  readonly attributes?: 'kept' | 'refused'
}

/** @throws Error with the server's text when the registration is refused */
export async function connectTestAgent(clients: Clients, options: TestAgentOptions = {}): Promise<TestAgent> {
  const { server, agent } = await connectPair()
  const allows = options.allows ?? (() => true)
  const asked: string[] = []
  agent.serve({
    onRequest(name, payload) {
      asked.push(name)
      if (name === 'update_client_metadata') return answerAttributes(options.attributes ?? 'refused')
      return answer(name, JSON.parse(payload.toString() || 'null'), allows)
    },
    onChannel: (open) => dial(open, allows),
  })
  const session: AgentSession = { connection: server, clientAuthId: 'auth-1', address: '192.0.2.7' }
  server.serve({
    onRequest: (name, payload) => clients.onRequest(session, name, payload),
    onChannel: (open) => open.reject('prohibited', 'agents open no channels'),
  })
  const noticed = server.closed.then(() => clients.service.onClosed(session))
  const outcome = await clients.service.onConnected(session, connectionRequest(options.request))
  if (!outcome.ok) {
    agent.close()
    throw new Error(outcome.text)
  }
  return {
    clientId: outcome.clientId,
    remotes: outcome.reply,
    connection: agent,
    session,
    asked,
    async leave() {
      agent.close()
      await noticed
    },
  }
}

const answerAttributes = (kind: 'kept' | 'refused'): RequestReply =>
  kind === 'kept'
    ? { ok: true, payload: Buffer.from('{"status":"OK"}') }
    : { ok: false, payload: Buffer.from('attributes file path not set') }

async function answer(name: string, ask: unknown, allows: (target: string) => boolean): Promise<RequestReply> {
  const success = (value: unknown) => ({ ok: true, payload: Buffer.from(JSON.stringify(value)) })
  const { Remote = '', HostPort = '' } = (ask ?? {}) as { Remote?: string; HostPort?: string }
  if (name === 'check_tunnel_allowed') return success({ IsAllowed: allows(Remote) })
  if (name === 'check_port') {
    const error = await tryPort(HostPort)
    return success({ Open: error === '', ErrMsg: error })
  }
  return { ok: false, payload: Buffer.from('unknown request') }
}

function tryPort(target: string): Promise<string> {
  const { host, port } = parseTunnelTarget(target)
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve('')
    })
    socket.once('error', () => resolve(`dial tcp ${target}: connect: connection refused`))
  })
}

function dial(open: ChannelOpen, allows: (target: string) => boolean): void {
  const text = open.data.toString()
  if (!allows(text)) {
    open.reject('prohibited', 'not allowed with "tunnel_allowed" config')
    return
  }
  const channel: Channel = open.accept()
  const { host, port } = parseTunnelTarget(text)
  const socket = connect({ host, port, allowHalfOpen: true })
  pipeSocket(socket, channel)
}

import { joinHostPort, NS_PER_MS } from '@rport/kit'
import { agentRequest, jsonCodec } from './agent-request.ts'
import { readFields } from './go-fields.ts'
import { type HostPort, readHostPort } from './host-port.ts'
import { MAX_FAILURE_CHARS } from './limits.ts'

export interface CheckPort extends HostPort {
  /** How long the agent may try. Whole nanoseconds on the wire. */
  readonly timeoutMs: number
}

export interface PortState {
  readonly open: boolean
  /** Why not; empty when it is open. */
  readonly error: string
}

/** An hour: nobody waits longer for a port. */
const MAX_TIMEOUT_NS = 3600e9

/** Does anything listen there, as seen from the agent? TCP only. */
export const checkPort = agentRequest({
  name: 'check_port',
  wantReply: true,
  ask: jsonCodec<CheckPort>({
    write: (ask) => ({ HostPort: joinHostPort(ask.host, ask.port), Timeout: Math.round(ask.timeoutMs * NS_PER_MS) }),
    read(document) {
      const fields = readFields(document)
      const timeoutMs = fields.integer('Timeout', 0, MAX_TIMEOUT_NS) / NS_PER_MS
      return { ...readHostPort(fields, 'HostPort'), timeoutMs }
    },
  }),
  answer: jsonCodec<PortState>({
    write: (state) => ({ Open: state.open, ErrMsg: state.error }),
    read(document) {
      const fields = readFields(document)
      return { open: fields.boolean('Open'), error: fields.text('ErrMsg', MAX_FAILURE_CHARS) }
    },
  }),
})

import { joinHostPort } from '@rport/kit'
import { agentRequest, jsonCodec } from './agent-request.ts'
import { readFields } from './go-fields.ts'
import { type HostPort, readHostPort } from './host-port.ts'

/** May a tunnel lead to this target? Answers true or false; a name that cannot be resolved is a failure. */
export const checkTunnelAllowed = agentRequest({
  name: 'check_tunnel_allowed',
  wantReply: true,
  ask: jsonCodec<HostPort>({
    write: (target) => ({ Remote: joinHostPort(target.host, target.port) }),
    read: (document) => readHostPort(readFields(document), 'Remote'),
  }),
  answer: jsonCodec<boolean>({
    write: (isAllowed) => ({ IsAllowed: isAllowed }),
    read: (document) => readFields(document).boolean('IsAllowed'),
  }),
})

import { agentRequest, jsonCodec, nullCodec } from './agent-request.ts'
import { readFields, ZERO_TIME } from './go-fields.ts'
import { MAX_FACT_CHARS } from './limits.ts'

/** The addresses under which an agent appears on the Internet. */
export interface IpAddresses {
  readonly ipv4: string
  readonly ipv6: string
  /** RFC 3339; agents send Go's zero time, the server sets its own. */
  readonly updatedAt: string
  readonly error: string
}

/** Sent rarely, only after a change, and not again after a reconnect: the server keeps it with the client. */
export const ipAddresses = agentRequest({
  name: 'ip_addresses',
  wantReply: false,
  ask: jsonCodec<IpAddresses>({
    write: (addresses) => ({
      ipv4: addresses.ipv4,
      ipv6: addresses.ipv6,
      updated_at: addresses.updatedAt === '' ? ZERO_TIME : addresses.updatedAt,
      error: addresses.error,
    }),
    read(document) {
      const fields = readFields(document)
      return {
        ipv4: fields.text('ipv4', 64),
        ipv6: fields.text('ipv6', 64),
        updatedAt: fields.time('updated_at'),
        error: fields.text('error', MAX_FACT_CHARS),
      }
    },
  }),
  answer: nullCodec,
})

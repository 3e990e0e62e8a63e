import { agentRequest, jsonCodec, nullCodec } from './agent-request.ts'
import { readFeatures, writeFeatures } from './features.ts'
import { readFields } from './go-fields.ts'
import { MAX_FACT_CHARS } from './limits.ts'

/** What a server can do with what agents send by themselves. */
export interface Capabilities {
  readonly serverVersion: string
  /** 0: do not send measurements. */
  readonly monitoringVersion: number
  /** 0: do not send external addresses. */
  readonly ipAddressesVersion: number
  /** Abilities beyond the original; see features.ts. */
  readonly features: readonly string[]
}

/** Sent right after a registration was accepted, on each connection. */
export const putCapabilities = agentRequest({
  name: 'put_capabilities',
  wantReply: false,
  ask: jsonCodec<Capabilities>({
    write: (capabilities) => ({
      ServerVersion: capabilities.serverVersion,
      MonitoringVersion: capabilities.monitoringVersion,
      IPAddressesVersion: capabilities.ipAddressesVersion,
      ...writeFeatures(capabilities.features),
    }),
    read(document) {
      const fields = readFields(document)
      return {
        serverVersion: fields.text('ServerVersion', MAX_FACT_CHARS),
        monitoringVersion: fields.integer('MonitoringVersion', 0, 1e6),
        ipAddressesVersion: fields.integer('IPAddressesVersion', 0, 1e6),
        features: readFeatures(fields),
      }
    },
  }),
  answer: nullCodec,
})

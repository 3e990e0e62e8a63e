import { agentRequest, type Codec, jsonCodec } from './agent-request.ts'
import { maskClientConfiguration } from './client-configuration.ts'
import { readFeatures, writeFeatures } from './features.ts'
import { isList, readFields } from './go-fields.ts'
import { DecodeError, describeJson, type Json, type JsonObject } from './go-json.ts'
import type { Inventory } from './inventory.ts'
import { MAX_ADDRESSES, MAX_FACT_CHARS, MAX_ID_CHARS, MAX_REMOTES, MAX_TAG_CHARS, MAX_TAGS } from './limits.ts'
import { type RemoteRecord, readRemoteRecord, writeRemoteRecord } from './remote-record.ts'

/** How an agent registers after its login. */
export interface ConnectionRequest extends Inventory {
  /** Client id; empty: the server chooses one. */
  readonly id: string
  readonly name: string
  /** Made once per agent process, the same for all its connections. */
  readonly sessionId: string
  /** Version of the agent. */
  readonly version: string
  readonly tags: readonly string[] | null
  readonly labels: Readonly<Record<string, string>> | null
  /** Standing remotes; null and empty mean the same but are answered in kind. */
  readonly remotes: readonly RemoteRecord[] | null
  /** What the agent reports of its configuration, secrets masked. No rule may depend on more than single keys of it. */
  readonly clientConfiguration: JsonObject | null
  /** Abilities beyond the original; see features.ts. */
  readonly features: readonly string[]
}

const fact = MAX_FACT_CHARS
const MAX_CPUS = 1e6
/** The original counts in 64 bits; half of that is still 8 EiB. */
const MAX_MEMORY_BYTES = 2 ** 63

/** PascalCase keys at the top, snake_case below, nothing left out: as the original writes it. */
function write(request: ConnectionRequest): unknown {
  return {
    ID: request.id,
    Name: request.name,
    SessionID: request.sessionId,
    OS: request.os,
    OSFullName: request.osFullName,
    OSVersion: request.osVersion,
    OSVirtualizationSystem: request.osVirtualizationSystem,
    OSVirtualizationRole: request.osVirtualizationRole,
    OSArch: request.osArch,
    OSFamily: request.osFamily,
    OSKernel: request.osKernel,
    Version: request.version,
    Hostname: request.hostname,
    CPUFamily: request.cpuFamily,
    CPUModel: request.cpuModel,
    CPUModelName: request.cpuModelName,
    CPUVendor: request.cpuVendor,
    NumCPUs: request.numCpus,
    MemoryTotal: request.memoryTotalBytes,
    Timezone: request.timezone,
    IPv4: request.ipv4,
    IPv6: request.ipv6,
    Tags: request.tags,
    Labels: request.labels,
    Remotes: request.remotes?.map(writeRemoteRecord) ?? null,
    ClientConfiguration: request.clientConfiguration,
    ...writeFeatures(request.features),
  }
}

/** Wrong types at the top are refused with the field's name; ClientConfiguration is taken as it comes. */
function read(document: Json): ConnectionRequest {
  const fields = readFields(document)
  return {
    id: fields.exactText('ID', MAX_ID_CHARS),
    name: fields.text('Name', MAX_ID_CHARS),
    sessionId: fields.exactText('SessionID', MAX_ID_CHARS),
    os: fields.text('OS', fact),
    osFullName: fields.text('OSFullName', fact),
    osVersion: fields.text('OSVersion', fact),
    osVirtualizationSystem: fields.text('OSVirtualizationSystem', fact),
    osVirtualizationRole: fields.text('OSVirtualizationRole', fact),
    osArch: fields.text('OSArch', fact),
    osFamily: fields.text('OSFamily', fact),
    osKernel: fields.text('OSKernel', fact),
    version: fields.text('Version', fact),
    hostname: fields.text('Hostname', fact),
    cpuFamily: fields.text('CPUFamily', fact),
    cpuModel: fields.text('CPUModel', fact),
    cpuModelName: fields.text('CPUModelName', fact),
    cpuVendor: fields.text('CPUVendor', fact),
    numCpus: fields.integer('NumCPUs', 0, MAX_CPUS),
    memoryTotalBytes: fields.integer('MemoryTotal', 0, MAX_MEMORY_BYTES),
    timezone: fields.text('Timezone', fact),
    ipv4: fields.texts('IPv4', MAX_ADDRESSES, 64),
    ipv6: fields.texts('IPv6', MAX_ADDRESSES, 64),
    tags: fields.texts('Tags', MAX_TAGS, MAX_TAG_CHARS),
    labels: fields.textMap('Labels', MAX_TAGS, MAX_TAG_CHARS),
    remotes: fields.objects('Remotes', MAX_REMOTES, readRemoteRecord),
    clientConfiguration: maskClientConfiguration(fields.raw('ClientConfiguration')),
    features: readFeatures(fields),
  }
}

/** The remotes with their ports, restored tunnels included; null when the agent sent null and nothing was restored. */
const assignedRemotes: Codec<readonly RemoteRecord[] | null> = jsonCodec({
  write: (remotes) => remotes?.map(writeRemoteRecord) ?? null,
  read(document) {
    if (document === null) return null
    if (!isList(document)) throw new DecodeError('', describeJson(document), 'a list of remotes')
    return document.map((item, index) => readRemoteRecord(readFields(item, `[${index}]`)))
  },
})

/** First request on every connection. A failure's text is for the agent's log. */
export const newConnection = agentRequest({
  name: 'new_connection',
  wantReply: true,
  ask: jsonCodec<ConnectionRequest>({ write, read }),
  answer: assignedRemotes,
})

/** Agents of the original close the connection only when a refusal contains exactly these words. */
export const ALREADY_CONNECTED = 'client is already connected:'

import { z } from 'zod'
import type { Client } from './client.ts'

const texts = z.array(z.string()).nullable()

const StoredTunnelState = z.object({
  id: z.string(),
  clientId: z.string(),
  createdAt: z.number(),
  protocol: z.enum(['tcp', 'udp', 'tcp+udp']),
  listenHost: z.string(),
  listenPort: z.number(),
  listenPortRandom: z.boolean(),
  targetHost: z.string(),
  targetPort: z.number(),
  name: z.string(),
  owner: z.string(),
  scheme: z.string().nullable(),
  acl: z.string().nullable(),
  idleTimeoutMs: z.number(),
  autoCloseMs: z.number(),
  httpProxy: z.boolean(),
  hostHeader: z.string(),
  authUser: z.string(),
  authPassword: z.string(),
  tunnelUrl: z.string(),
})

/** What of a client lies in the column `details`. Sessions and heartbeats are of this process only. */
export const StoredClient = z.object({
  name: z.string(),
  version: z.string(),
  address: z.string(),
  os: z.string(),
  osFullName: z.string(),
  osVersion: z.string(),
  osVirtualizationSystem: z.string(),
  osVirtualizationRole: z.string(),
  osArch: z.string(),
  osFamily: z.string(),
  osKernel: z.string(),
  hostname: z.string(),
  cpuFamily: z.string(),
  cpuModel: z.string(),
  cpuModelName: z.string(),
  cpuVendor: z.string(),
  numCpus: z.number(),
  memoryTotalBytes: z.number(),
  timezone: z.string(),
  ipv4: texts,
  ipv6: texts,
  tags: texts,
  labels: z.record(z.string(), z.string()).nullable(),
  allowedUserGroups: texts,
  // Absent in rows of early versions.
  pendingAttributes: z
    .object({ tags: texts, labels: z.record(z.string(), z.string()).nullable() })
    .nullable()
    .default(null),
  tunnels: z.array(StoredTunnelState),
  updatesStatus: z
    .object({
      refreshedAt: z.string(),
      updatesAvailable: z.number(),
      securityUpdatesAvailable: z.number(),
      updateSummaries: z
        .array(
          z.object({
            title: z.string(),
            description: z.string(),
            rebootRequired: z.boolean(),
            isSecurityUpdate: z.boolean(),
          }),
        )
        .nullable(),
      rebootPending: z.boolean(),
      error: z.string(),
      hint: z.string(),
    })
    .nullable(),
  ipAddresses: z.object({ ipv4: z.string(), ipv6: z.string(), updatedAt: z.string(), error: z.string() }).nullable(),
  clientConfiguration: z.record(z.string(), z.json()).nullable(),
})
export type StoredClient = z.output<typeof StoredClient>

/** The part of a client that outlives the process. */
export function toStored(client: Client): Omit<Client, 'id' | 'clientAuthId' | 'disconnectedAt' | Forgotten> {
  const {
    id: _id,
    clientAuthId: _auth,
    disconnectedAt: _at,
    sessionId: _session,
    lastHeartbeatAt: _beat,
    ...rest
  } = client
  return rest
}

type Forgotten = 'sessionId' | 'lastHeartbeatAt'

import { checkPort } from './check-port.ts'
import { checkTunnelAllowed } from './check-tunnel-allowed.ts'
import { ipAddresses } from './ip-addresses.ts'
import { newConnection } from './new-connection.ts'
import { ping } from './ping.ts'
import { putCapabilities } from './put-capabilities.ts'
import { updateClientMetadata } from './update-client-metadata.ts'
import { updatesStatus } from './updates-status.ts'

/** What an agent answers: server → agent. */
export const agentRequests = { ping, putCapabilities, checkTunnelAllowed, checkPort, updateClientMetadata }

/** What the server answers: agent → server. */
export const serverRequests = { newConnection, ping, ipAddresses, updatesStatus }

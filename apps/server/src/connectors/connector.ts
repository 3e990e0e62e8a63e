import { readDescriptorLimit } from '@rport/host'
import type { Clock, Logger } from '@rport/kit'
import { hostKeyFromSeed, pipeSocket } from '@rport/transport'
import { type AgentListener, createAgentListener } from '../agents/listener.ts'
import { createDescriptorBudget, shareDescriptors } from '../sockets/index.ts'
import { createTunnelListeners } from '../visitors/index.ts'
import { createConnectorAgents } from './connector-agents.ts'
import { createConnectorTunnels } from './connector-tunnels.ts'
import type { Line } from './line.ts'
import type { ConnectorSays, ConnectorSettings, MainSays } from './messages.ts'
import { createPlainPassage } from './plain-passage.ts'
import { createRemoteAdmission } from './remote-admission.ts'

export interface ConnectorDeps {
  readonly line: Line<ConnectorSays, MainSays>
  readonly clock: Clock
  readonly log: Logger
}

/** A connector: the listener for agents and the listeners of their tunnels; all else is asked of the main process. */
export function runConnector(settings: ConnectorSettings, { line, clock, log }: ConnectorDeps): void {
  const agents = createConnectorAgents({ line, clock, log })
  const admission = createRemoteAdmission(line)
  const descriptors = createDescriptorBudget({ shared: shareDescriptors(readDescriptorLimit()).shared, log })
  const openListener = createTunnelListeners({ pipe: pipeSocket, descriptors, clock, log })
  const tunnels = createConnectorTunnels({ line, agents, openListener })
  let listener: AgentListener | undefined

  line.serve({
    ...agents.handlers,
    ...tunnels.handlers,
    ready: () => null,
    figures: () => ({ pendingHandshakes: listener?.pendingHandshakes ?? 0, bytes: agents.movedBytes() }),
    async listenForAgents(listen) {
      listener = createAgentListener({
        ...settings.limits,
        listen,
        isShared: true,
        hostKey: hostKeyFromSeed(settings.keySeed),
        admission,
        onArrived: agents.arrived,
        answerPlain: createPlainPassage({ plainDoor: settings.plainDoor, log }),
        descriptors,
        counts: { refused: (reason) => line.tell('refused', { reason }) },
        clock,
        log,
      })
      return listener.start()
    },
    stopListening: () => listener?.stopListening(),
    async close() {
      await listener?.close()
      return null
    },
    drop: ({ socket }) => admission.drop(socket),
  })
}

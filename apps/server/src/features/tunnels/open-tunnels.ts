import { type Clock, joinHostPort, type Logger } from '@rport/kit'
import { parseTunnelAcl, type RemoteRecord } from '@rport/protocol'
import { type Tunnel, type TunnelEnd, TunnelNotStarted, type TunnelOwner } from './tunnel.ts'
import { startTunnelLifetime } from './tunnel-lifetime.ts'
import { GONE, type OpenedListener, type OpeningDeps, openTunnelListener } from './tunnel-opening.ts'

export interface OpenTunnelsDeps extends OpeningDeps {
  /** Whether the rules of a credential let its clients have this tunnel. */
  readonly allowedByCredential: (clientAuthId: string, remote: RemoteRecord) => boolean | Promise<boolean>
  /** A tunnel has ended by itself. Called after its port was freed. */
  readonly onExpired: (tunnel: Tunnel) => void
  readonly clock: Clock
  readonly log: Logger
}

/** The tunnels that are open now, by client. Rules live elsewhere: this opens, closes and counts. */
export interface OpenTunnels {
  /**
   * Opens a listener. Without `listenPort` any free port is taken, `preferredPort` first.
   * @returns already accepting; it ends by `end`, `endAll` or its own life time
   * @throws  TunnelNotStarted, TunnelAclError
   */
  start(owner: TunnelOwner, remote: RemoteRecord, preferredPort?: number): Promise<Tunnel>
  find(clientId: string, tunnelId: string): Tunnel | undefined
  /** In the order in which they were opened. */
  listOf(clientId: string): readonly Tunnel[]
  list(): readonly Tunnel[]
  /** Visitors of a tunnel right now; 0 when it is not open. */
  openConnections(tunnel: Tunnel): number
  /** The same, exactly: for whoever decides by it. */
  countVisitors(tunnel: Tunnel): Promise<number>
  /** New visitors are judged by the new text; those inside stay. @throws TunnelAclError, and nothing has changed */
  changeAcl(tunnel: Tunnel, acl: string | null): Promise<void>
  /** Settles when the port is free. Nothing happens when the tunnel is not open any more. */
  end(tunnel: Tunnel, reason: TunnelEnd): Promise<void>
  /** Tunnels of the user `from` are those of `to` from now on; '' = of nobody. */
  passOn(from: string, to: string): void
  endAll(clientId: string, reason: TunnelEnd): Promise<void>
  /** The client is forgotten: its tunnel ids may begin at 1 again. */
  forget(clientId: string): void
}

interface Entry {
  tunnel: Tunnel
  readonly opened: OpenedListener
  readonly lifetime: { stop(): void }
}

/** An empty book. Whoever opens a tunnel sees to it that it is closed when its client leaves. */
export function createOpenTunnels(deps: OpenTunnelsDeps): OpenTunnels {
  const { clock, log } = deps
  const byClient = new Map<string, Map<string, Entry>>()
  const lastIds = new Map<string, number>()

  const entryOf = (tunnel: Tunnel) => byClient.get(tunnel.clientId)?.get(tunnel.id)
  const listOf = (clientId: string) => Array.from(byClient.get(clientId)?.values() ?? [], ({ tunnel }) => tunnel)
  const list = () => [...byClient.keys()].flatMap(listOf)

  const end = async (tunnel: Tunnel, reason: TunnelEnd): Promise<void> => {
    const { clientId, id: tunnelId, listenPort } = tunnel
    const entry = entryOf(tunnel)
    if (!entry) return
    const siblings = byClient.get(clientId)
    siblings?.delete(tunnelId)
    if (siblings?.size === 0) byClient.delete(clientId)
    entry.lifetime.stop()
    await entry.opened.close()
    log.info({ clientId, tunnelId, listenPort, reason }, 'tunnel closed')
  }

  /** Takes the listener into the book. Nothing is awaited in here, so that nobody sees half a tunnel. */
  const admit = (clientId: string, remote: RemoteRecord, opened: OpenedListener): Tunnel => {
    const number = (lastIds.get(clientId) ?? 0) + 1
    lastIds.set(clientId, number)
    const tunnel: Tunnel = {
      ...remote,
      id: String(number),
      clientId,
      createdAt: clock.now(),
      listenHost: opened.host,
      listenPort: opened.port,
      listenPortRandom: remote.listenPort === undefined,
    }
    const lifetime = startTunnelLifetime({
      clock,
      idleTimeoutMs: tunnel.idleTimeoutMs,
      autoCloseMs: tunnel.autoCloseMs,
      activity: opened.listener,
      onEnd: (reason) => void end(tunnel, reason).then(() => deps.onExpired(tunnel)),
    })
    const siblings = byClient.get(clientId) ?? new Map<string, Entry>()
    byClient.set(clientId, siblings.set(tunnel.id, { tunnel, opened, lifetime }))
    const { id: tunnelId, listenHost, listenPort, owner } = tunnel
    log.info({ clientId, tunnelId, listenHost, listenPort, owner }, 'tunnel opened')
    return tunnel
  }

  return {
    async start(owner, remote, preferredPort) {
      // Here and nowhere else: standing tunnels, those that come back and those on demand all pass.
      if (!(await deps.allowedByCredential(owner.connection.user, remote))) {
        throw new TunnelNotStarted('forbidden', forbidden(remote))
      }
      const opened = await openTunnelListener(deps, owner, remote, preferredPort).catch((error: unknown) => {
        // A port that is taken by an open tunnel is simply in use; the other case is a race for it.
        const isRace = error instanceof TunnelNotStarted && error.code === 'taken'
        if (!isRace || !list().some(({ listenPort }) => listenPort === remote.listenPort)) throw error
        throw new TunnelNotStarted('in-use', error.message)
      })
      if (!owner.connection.isClosed) return admit(owner.clientId, remote, opened)
      await opened.close()
      throw new TunnelNotStarted('gone', GONE)
    },
    find: (clientId, tunnelId) => byClient.get(clientId)?.get(tunnelId)?.tunnel,
    listOf,
    list,
    openConnections: (tunnel) => entryOf(tunnel)?.opened.listener.openConnections ?? 0,
    countVisitors: async (tunnel) => (await entryOf(tunnel)?.opened.listener.countNow()) ?? 0,
    async changeAcl(tunnel, acl) {
      parseTunnelAcl(acl)
      const entry = entryOf(tunnel)
      if (!entry) return
      entry.tunnel = { ...entry.tunnel, acl }
      await entry.opened.listener.changeAcl(acl)
    },
    end,
    passOn(from, to) {
      for (const entry of [...byClient.values()].flatMap((siblings) => [...siblings.values()])) {
        if (entry.tunnel.owner === from) entry.tunnel = { ...entry.tunnel, owner: to }
      }
    },
    async endAll(clientId, reason) {
      await Promise.all(listOf(clientId).map((tunnel) => end(tunnel, reason)))
    },
    forget: (clientId) => void lastIds.delete(clientId),
  }
}

const forbidden = ({ listenPort, targetHost, targetPort }: RemoteRecord): string =>
  `unable to start tunnel: the client auth id may not have a tunnel from ${listenPort ?? 'a free port'} to ${joinHostPort(targetHost, targetPort)}`

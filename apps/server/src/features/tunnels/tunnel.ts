import type { RemoteRecord } from '@rport/protocol'
import type { Connection } from '@rport/transport'

/** A tunnel as it was opened: a listener on the server that leads to a target through one client. */
export interface Tunnel extends RemoteRecord {
  /** Decimal counter of the client since the server started. */
  readonly id: string
  readonly clientId: string
  readonly createdAt: number
  /** The port that is really listened on. */
  readonly listenPort: number
}

/** Through whom a tunnel leads. */
export interface TunnelOwner {
  readonly clientId: string
  readonly connection: Connection
}

/** Why a tunnel was closed. */
export type TunnelEnd = 'deleted' | 'idle' | 'auto-close' | 'disconnected' | 'refused' | 'shutdown'

/** Why a tunnel could not be opened; `message` is the original's text where it has one. */
export class TunnelNotStarted extends Error {
  override readonly name = 'TunnelNotStarted'
  /**
   * `not-allowed`: the port is not among those of the configuration. `in-use`: somebody has it. `taken`: somebody is about to
   * get it. `none-free`: no port is left. `unsupported`: a kind that this server cannot open. `gone`: the client has left. `forbidden`: the
   * credential of the client may not have it. `failed`: anything else.
   */
  readonly code: 'not-allowed' | 'in-use' | 'taken' | 'none-free' | 'unsupported' | 'gone' | 'forbidden' | 'failed'

  constructor(code: TunnelNotStarted['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

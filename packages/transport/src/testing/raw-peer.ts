import { systemClock } from '@rport/kit'
import type { ByteLink } from '../link.ts'
import type { AlgorithmChoice } from '../ssh/algorithms/negotiate.ts'
import type { TransportRole } from '../ssh/key-agreement.ts'
import { DEFAULT_LIMITS } from '../ssh/limits.ts'
import { MSG } from '../ssh/messages/numbers.ts'
import {
  encodeAuthRequest,
  encodeAuthSuccess,
  encodeServiceAccept,
  encodeServiceRequest,
} from '../ssh/messages/userauth.ts'
import { TransportLayer } from '../ssh/transport-layer.ts'

export interface RawPeerOptions {
  readonly role: TransportRole
  readonly ident?: string
  readonly algorithms?: AlgorithmChoice
}

/**
 * An SSH peer whose packets are right and whose messages are whatever a test says, however wrong. Login apart it answers
 * nothing by itself: every message of the other side waits in `next`.
 */
export class RawPeer {
  readonly layer: TransportLayer
  readonly ready: Promise<void>
  /** Settles when the link is over or this side has found fault. */
  readonly ended: Promise<Error | undefined>
  readonly #inbox: Buffer[] = []
  #waiting: ((message: Buffer | undefined) => void)[] = []
  #settleEnded: (error: Error | undefined) => void = () => undefined
  #isOver = false

  constructor(link: ByteLink, options: RawPeerOptions) {
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve
    })
    let settleReady: () => void = () => undefined
    this.ready = new Promise((resolve) => {
      settleReady = resolve
    })
    this.layer = new TransportLayer(
      link,
      {
        onReady: settleReady,
        onRoom: () => undefined,
        hasWaiting: () => false,
        onFailure: (error) => this.#end(error),
        onMessage: (payload) => this.#take(Buffer.from(payload)),
      },
      {
        role: options.role,
        limits: { ...DEFAULT_LIMITS, controlQueueBytes: Number.MAX_SAFE_INTEGER },
        clock: systemClock,
        ident: options.ident ?? `SSH-rport-v1-${options.role.name}`,
        ...(options.algorithms ? { algorithms: options.algorithms } : {}),
      },
    )
    this.layer.loggedIn()
    link.onBytes = (bytes, lease) => this.layer.feed(bytes, lease)
    link.onEnd = (error) => this.#end(error)
    this.layer.start()
    link.resume()
  }

  send(...payloads: readonly Buffer[]): void {
    for (const payload of payloads) this.layer.send(payload)
  }

  /** The next message; of `type`, when given, and others before it are dropped. Rejects when the link ends first. */
  async next(type?: number): Promise<Buffer> {
    for (;;) {
      const message = this.#inbox.shift() ?? (await this.#arrival())
      if (!message) throw new Error('the link ended')
      if (type === undefined || message[0] === type) return message
    }
  }

  /** How many messages wait in `next`. */
  get waiting(): number {
    return this.#inbox.length
  }

  #arrival(): Promise<Buffer | undefined> {
    if (this.#isOver) return Promise.resolve(undefined)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #take(message: Buffer): void {
    const waiting = this.#waiting.shift()
    if (waiting) waiting(message)
    else this.#inbox.push(message)
  }

  #end(error: Error | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const waiting of this.#waiting.splice(0)) waiting(undefined)
    this.#settleEnded(error)
  }
}

/** A raw agent that has logged in as `agent-1` with the password `right`. */
export async function rawAgent(link: ByteLink, options: Partial<RawPeerOptions> = {}): Promise<RawPeer> {
  const peer = new RawPeer(link, { role: { name: 'client', acceptHostKey: () => undefined }, ...options })
  await peer.ready
  peer.send(encodeServiceRequest('ssh-userauth'), encodeAuthRequest('agent-1', 'right'))
  await peer.next(MSG.USERAUTH_SUCCESS)
  return peer
}

/** A raw server that has let an agent in, whatever its password. */
export async function rawServer(link: ByteLink, options: RawPeerOptions): Promise<RawPeer> {
  const peer = new RawPeer(link, options)
  await peer.next(MSG.SERVICE_REQUEST)
  peer.send(encodeServiceAccept('ssh-userauth'))
  await peer.next(MSG.USERAUTH_REQUEST)
  peer.send(encodeAuthSuccess())
  return peer
}

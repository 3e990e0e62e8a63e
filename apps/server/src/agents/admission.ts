import type { Socket } from 'node:net'
import { parseIp } from '@rport/kit'
import type { Newcomers } from '../sockets/index.ts'
import type { AgentLockout, AgentLogin } from './agent-login.ts'
import type { Origin } from './handshake-slots.ts'

/** Somebody who asks for an upgrade. */
export interface Caller {
  readonly socket: Socket
  /** The true one: of the socket, or told by a trusted proxy. */
  readonly address: string
  /** Whether the request is one of an agent, without fault. Others are only asked whether they are banned. */
  readonly isAgent: boolean
}

/** Whether a caller may come in. `limit`: too many of this address have not logged in. */
export type Judgement =
  | { readonly outcome: 'banned' | 'limit' }
  | {
      readonly outcome: 'admitted'
      readonly origin: Origin
      /** Its handshake is over, well or not. */
      release(): void
    }

/** Decides who may come in. Where that is decided in another process, answers take a moment. */
export interface Admission {
  /** A socket was accepted. @returns false when it is one too many of its address: the listener destroys it */
  arrived(socket: Socket): boolean
  judge(caller: Caller): Judgement | Promise<Judgement>
  readonly login: AgentLogin
}

export interface AdmissionDeps {
  readonly lockout: Pick<AgentLockout, 'isBanned'>
  /** Bounds the connections of one address that have not logged in. */
  readonly newcomers: Newcomers
  /** How many clients were last connected from an address, also before a restart. */
  readonly clientsAt: (address: string) => number
  readonly login: AgentLogin
}

/** Whether a trusted proxy stands between: then the socket's own address is not the caller's. */
export const isForwarded = ({ socket, address }: Caller): boolean =>
  address !== parseIp(socket.remoteAddress ?? '')?.text

/** Decides at once, from what this process knows. */
export function createAdmission({ lockout, newcomers, clientsAt, login }: AdmissionDeps): Admission {
  return {
    arrived: newcomers.arrived,
    judge(caller) {
      const { socket, address, isAgent } = caller
      if (lockout.isBanned(address)) return { outcome: 'banned' }
      const origin = clientsAt(address) > 0 ? 'known' : 'stranger'
      if (!isAgent) return { outcome: 'admitted', origin, release: () => undefined }
      // Whoever is not known by the socket's own address is counted by the true one.
      const release = isForwarded(caller) ? newcomers.admit(address) : () => newcomers.known(socket)
      return release ? { outcome: 'admitted', origin, release } : { outcome: 'limit' }
    },
    login,
  }
}

import { TransportError } from '../errors.ts'
import { DISCONNECT, MSG } from './messages/numbers.ts'
import {
  decodeAuthFailure,
  decodeAuthRequest,
  decodeService,
  encodeAuthFailure,
  encodeAuthRequest,
  encodeAuthSuccess,
  encodeServiceAccept,
  encodeServiceRequest,
} from './messages/userauth.ts'

/** What login needs of its session. */
export interface AuthHost {
  send(payload: Buffer): void
  /** No message is handed up until `resume`: for checks that take time. */
  stop(): void
  resume(): void
  /** Login is over. */
  authenticated(user: string): void
  fail(error: TransportError): void
}

/** Login, in one of the two roles: gets every message between key exchange and success. */
export interface UserAuth {
  start(): void
  receive(type: number, payload: Buffer): void
}

const METHODS = ['password'] as const
const AUTH_SERVICE = 'ssh-userauth'
const CONNECTION_SERVICE = 'ssh-connection'

/** Judges a password. Takes as long for an unknown user as for a known one. */
export type PasswordCheck = (user: string, password: string) => Promise<boolean>

/** The server's side of RFC 4252: method password only, a bounded number of tries, the first `none` free (wire-protocol 2.4). */
export function serverAuth(check: PasswordCheck, tries: number): (session: AuthHost) => UserAuth {
  return (session) => {
    let serviceAccepted = false
    let failures = 0
    let nonesLeft = 1
    let over = false
    const refuse = (isFree: boolean) => {
      if (!isFree) failures += 1
      if (failures >= tries) {
        over = true
        session.fail(
          new TransportError('auth-refused', `too many authentication failures (${DISCONNECT.NO_MORE_AUTH_METHODS})`),
        )
        return
      }
      session.send(encodeAuthFailure(METHODS))
    }
    const judge = (user: string, password: string) => {
      session.stop()
      check(user, password)
        .then((isRight) => {
          if (over) return
          if (isRight) {
            over = true
            session.send(encodeAuthSuccess())
            session.authenticated(user)
          } else refuse(false)
          session.resume()
        })
        .catch((thrown: unknown) => {
          over = true
          session.fail(new TransportError('handshake-failed', 'the password could not be checked', { cause: thrown }))
        })
    }
    return {
      start: () => undefined,
      receive(type, payload) {
        if (over) return
        if (type === MSG.SERVICE_REQUEST && !serviceAccepted) {
          if (decodeService(payload) !== AUTH_SERVICE) throw new TransportError('protocol-error', 'unknown service')
          serviceAccepted = true
          session.send(encodeServiceAccept(AUTH_SERVICE))
          return
        }
        if (type !== MSG.USERAUTH_REQUEST || !serviceAccepted) {
          throw new TransportError('protocol-error', `message ${type} before login`)
        }
        const request = decodeAuthRequest(payload)
        if (request.service !== CONNECTION_SERVICE) throw new TransportError('protocol-error', 'unknown service')
        if (request.password !== undefined) {
          judge(request.user, request.password)
          return
        }
        const isFree = request.method === 'none' && nonesLeft > 0
        if (isFree) nonesLeft -= 1
        refuse(isFree)
      },
    }
  }
}

/**
 * The agent's side: `none`, then the password, in one flight (wire-protocol 2.4). Runs only after the host key was accepted,
 * so the password goes to nobody else.
 */
export function clientAuth(user: string, password: string): (session: AuthHost) => UserAuth {
  return (session) => {
    let refusals = 0
    return {
      start() {
        session.send(encodeServiceRequest(AUTH_SERVICE))
        session.send(encodeAuthRequest(user, undefined))
        session.send(encodeAuthRequest(user, password))
      },
      receive(type, payload) {
        if (type === MSG.SERVICE_ACCEPT || type === MSG.USERAUTH_BANNER) return
        if (type === MSG.USERAUTH_SUCCESS) {
          session.authenticated(user)
          return
        }
        if (type !== MSG.USERAUTH_FAILURE) throw new TransportError('protocol-error', `message ${type} during login`)
        const methods = decodeAuthFailure(payload)
        refusals += 1
        if (refusals === 1 && methods.includes('password')) return
        session.fail(
          new TransportError(
            'auth-refused',
            `the server refused the client auth id ${JSON.stringify(user)} or its password`,
          ),
        )
      },
    }
  }
}

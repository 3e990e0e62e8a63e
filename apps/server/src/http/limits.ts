import { MS_PER_SECOND } from '@rport/kit'

/** What a request may cost, beyond the configured `max_request_bytes`. */
export interface HttpLimits {
  /** Sockets that may be open at the same time; further ones are closed at once. */
  readonly maxConnections: number
  /** Connections of one address on which nobody has logged in; further ones are closed at once. 0 = no limit. */
  readonly maxUnknownPerAddress: number
  /** Requests that may be answered at the same time; further ones get 503. */
  readonly maxActiveRequests: number
  /** A connection that has not sent its headers by then is closed. */
  readonly headerTimeoutMs: number
  /** A body that has not arrived by then is given up. */
  readonly bodyTimeoutMs: number
  /** A handler that has not answered by then is given up; longer than any question to an agent takes. */
  readonly handlerTimeoutMs: number
  /** How long an idle connection is kept for the next request. */
  readonly keepAliveTimeoutMs: number
  /** How long `close` waits for running requests before it cuts their connections. */
  readonly closeTimeoutMs: number
}

export const defaultLimits: HttpLimits = {
  // Well below the usual 65536 file descriptors of a service, which tunnels need too.
  maxConnections: 8192,
  // A browser opens six; an office behind one address logs in on most of them.
  maxUnknownPerAddress: 256,
  // A page of the UI asks a dozen things at once; 10,000 agents' worth of people stay below this.
  maxActiveRequests: 1024,
  headerTimeoutMs: 5 * MS_PER_SECOND,
  bodyTimeoutMs: 30 * MS_PER_SECOND,
  // check_port_timeout is at most 60 s and is asked with 5 s of grace, after another question of 10 s.
  handlerTimeoutMs: 90 * MS_PER_SECOND,
  // Longer than the 60 s after which common reverse proxies drop idle connections themselves.
  keepAliveTimeoutMs: 75 * MS_PER_SECOND,
  closeTimeoutMs: 5 * MS_PER_SECOND,
}

/** Go's server takes headers this much larger than it was told to; clients at the edge rely on it. */
export const HEADER_SLACK_BYTES = 4096
/** Of a body that is too large, this much more is read and dropped, so that its sender gets to see the answer. */
export const DRAIN_BYTES = 256 * 1024

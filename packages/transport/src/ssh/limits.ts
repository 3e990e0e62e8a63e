/** Bounds of one connection. Every one of them has a reason; reaching one ends the connection, or makes it wait, never the program. */
export interface SshLimits {
  /** Largest packet before login: RFC 4253 section 6.1 demands 35,000. */
  readonly handshakePacketBytes: number
  /** Largest packet after login: Go peers send up to 256 KiB and more in one request (wire-protocol 2.3, trap 20). */
  readonly packetBytes: number
  /** Identification, key exchange and login together, in milliseconds. The original had no limit. */
  readonly handshakeTimeoutMs: number
  /** Login tries (wire-protocol 2.4). */
  readonly authTries: number
  /** Channels open or opening at once, both directions. */
  readonly channels: number
  /** Channels that the peer may have open at once. */
  readonly peerChannels: number
  /** Requests of the peer that wait for our answer. Go peers keep one (wire-protocol 3.1). */
  readonly unansweredRequests: number
  /** Our own requests that are sent and wait for the peer's answer: well below what the peer would take for a flood. */
  readonly openRequests: number
  /** Our own requests that wait for their turn to be sent. */
  readonly waitingRequests: number
  /** Bytes we take on a channel before the first adjustment (wire-protocol 2.3). */
  readonly channelWindowBytes: number
  /** What that window may grow to while its reader keeps up and a long line would leave its sender waiting. */
  readonly maxChannelWindowBytes: number
  /** Windows of all channels of a connection together: with very many open, later ones begin with smaller windows. */
  readonly connectionWindowBytes: number
  /** Largest data message we take; Go's own size. */
  readonly channelPacketBytes: number
  /** Bytes of one channel that wait to be sent before its source is asked to stop. */
  readonly channelQueueBytes: number
  /** The same for all channels together: beyond it each source is asked to stop after one packet. */
  readonly connectionQueueBytes: number
  /**
   * Everything that waits for a peer that does not read, or for the end of a key exchange, data apart. Beyond it the connection
   * ends; our own requests are refused from half of it on.
   */
  readonly controlQueueBytes: number
  /** New keys after so many bytes in one direction; Go uses 64 GiB, we stay far below what AES-GCM allows. */
  readonly rekeyAfterBytes: number
  /** New keys after so many packets in one direction: half of RFC 4344's 2^31. */
  readonly rekeyAfterPackets: number
}

export const DEFAULT_LIMITS: SshLimits = {
  handshakePacketBytes: 35_000,
  packetBytes: 1024 * 1024,
  handshakeTimeoutMs: 30_000,
  authTries: 6,
  channels: 8192,
  peerChannels: 1024,
  unansweredRequests: 128,
  openRequests: 64,
  waitingRequests: 1024,
  channelWindowBytes: 2 * 1024 * 1024,
  maxChannelWindowBytes: 16 * 1024 * 1024,
  connectionWindowBytes: 128 * 1024 * 1024,
  channelPacketBytes: 32_768,
  channelQueueBytes: 256 * 1024,
  connectionQueueBytes: 32 * 1024 * 1024,
  controlQueueBytes: 16 * 1024 * 1024,
  rekeyAfterBytes: 16 * 1024 ** 3,
  rekeyAfterPackets: 2 ** 30,
}

/** What the channels need of the packets below them. */
export interface ChannelCarrier {
  readonly canSendData: boolean
  readonly queuedBytes: number
  readonly slab: Buffer
  beginData(payloadBytes: number): number
  /** See PacketWriter.fill. */
  fillData(at: number, source: Buffer, from: number, byteCount: number): void
  send(payload: Buffer): void
  /** Leaves with what the next turn of the event loop brings. */
  sendWithNext(payload: Buffer): void
  /** Nobody waits for it. */
  sendUnhurried(payload: Buffer): void
  scheduleFlush(): void
  /** For what is likely to be alone: leaves when the read that brought it is over. */
  flushAtReadEnd(): void
}

import type { Clock, Timer } from '@rport/kit'
import type { Lease } from '../channel.ts'
import { TransportError } from '../errors.ts'
import type { ByteLink } from '../link.ts'
import { atReadEnd } from '../read-end.ts'
import type { AlgorithmChoice } from './algorithms/negotiate.ts'
import { ExchangeBudget } from './exchange-budget.ts'
import { IdentReader } from './ident.ts'
import { KeyAgreement, type TransportRole } from './key-agreement.ts'
import type { SshLimits } from './limits.ts'
import { encodeUnimplemented } from './messages/disconnect.ts'
import { MSG } from './messages/numbers.ts'
import { PacketReader } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'

/** Whoever sits above: gets messages, and is asked for data when there is room for it. */
export interface TransportUser {
  /** The first key exchange is over. */
  onReady(): void
  /** Any message that is not the business of key exchange. */
  onMessage(payload: Buffer, lease: Lease, sequence: number): void
  /** There is room on the link: lay out what waits. */
  onRoom(): void
  /** Whether anything waits for room. */
  hasWaiting(): boolean
  onFailure(error: Error): void
}

export interface TransportOptions {
  readonly role: TransportRole
  readonly limits: SshLimits
  readonly clock: Clock
  readonly ident: string
  readonly algorithms?: AlgorithmChoice
}

/** Why nothing is handed up for now; each reason is lifted by whoever gave it. */
export type StopReason = 'password is judged' | 'nobody serves' | 'answers are not read' | 'requests are not dealt with'

const isKexMessage = (type: number): boolean => type >= MSG.KEXINIT && type <= 49
/** Messages that may be sent while keys are exchanged (RFC 4253 section 7.1). */
const mayPassKex = (type: number): boolean => isKexMessage(type) || (type >= MSG.DISCONNECT && type <= MSG.DEBUG)
/** Messages without meaning for anyone: to be skipped, never to be answered. */
const isIdle = (type: number): boolean =>
  (type >= MSG.IGNORE && type <= MSG.DEBUG) || type === MSG.EXT_INFO || type === MSG.PONG

/** Messages that nobody waits for leave by themselves after so long. */
const UNHURRIED_MS = 1

/** RFC 4253: identification, packets, the queue towards the link. Knows nothing of users, requests and channels. */
export class TransportLayer {
  readonly #link: ByteLink
  readonly #limits: SshLimits
  readonly #user: TransportUser
  readonly #clock: Clock
  readonly #ident: string
  readonly #identReader = new IdentReader()
  readonly #writer: PacketWriter
  readonly #reader: PacketReader
  readonly #keys: KeyAgreement
  readonly #budget: ExchangeBudget
  readonly #stops = new Set<StopReason>()
  #state: 'ident' | 'running' | 'over' = 'ident'
  #isFirstMessage = true
  #isLoggedIn = false
  #control: Buffer[] = []
  #controlBytes = 0
  #flushScheduled = false
  #unhurried: Timer | undefined
  bytesReceived = 0

  constructor(link: ByteLink, user: TransportUser, options: TransportOptions) {
    this.#link = link
    this.#limits = options.limits
    this.#user = user
    this.#clock = options.clock
    this.#ident = options.ident
    this.#budget = new ExchangeBudget(options.clock)
    this.#writer = new PacketWriter(link, this.#onLeft)
    this.#reader = new PacketReader(options.limits.handshakePacketBytes, this.#onPacket)
    this.#keys = new KeyAgreement({
      role: options.role,
      ident: options.ident,
      choice: options.algorithms ?? {},
      reader: this.#reader,
      writer: this.#writer,
      onDone: (isFirst) => this.#onKeys(isFirst),
    })
  }

  get peerIdent(): string {
    return this.#keys.peerIdent
  }

  get bytesSent(): number {
    return this.#writer.bytesSent
  }

  /** Whether data may be laid out now: there are keys and they are not being exchanged. */
  get canSendData(): boolean {
    return this.#state === 'running' && this.#keys.hasKeys && !this.#keys.isUnderWay
  }

  /** Bytes that wait in this layer and in the link. */
  get queuedBytes(): number {
    return this.#writer.pendingBytes + this.#link.queuedBytes + this.#controlBytes
  }

  /** Sends identification and offer at once, without waiting for the peer. */
  start(): void {
    this.#writer.sendRaw(Buffer.from(`${this.#ident}\r\n`, 'latin1'))
    this.#keys.start()
    this.#writer.flush()
  }

  /** Takes bytes of the link. */
  feed(bytes: Buffer, lease: Lease): void {
    this.bytesReceived += bytes.length
    try {
      if (this.#state === 'ident') {
        const rest = this.#identReader.feed(bytes)
        if (!rest) return
        this.#keys.peerIdent = this.#identReader.line
        this.#state = 'running'
        this.#reader.feed(rest, lease)
      } else this.#reader.feed(bytes, lease)
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  /** Stops handing up messages until `resume` is called with the same reason; the link is stopped, too. */
  stop(reason: StopReason): void {
    this.#stops.add(reason)
    this.#reader.stop()
    this.#link.pause()
  }

  /** Lifts a reason to stop. With the last one, hands up what was kept and goes on. */
  resume(reason: StopReason): void {
    if (!this.#stops.delete(reason) || this.#stops.size > 0 || this.#state === 'over') return
    try {
      this.#reader.start()
    } catch (thrown) {
      this.fail(thrown)
    }
    // What was kept may have been reason enough to stop again, or to end.
    if (this.#stops.size === 0 && !this.#isOver()) this.#link.resume()
  }

  /** After login larger packets are taken, and new keys may be asked for. */
  loggedIn(): void {
    this.#isLoggedIn = true
    this.#reader.maxPacketBytes = this.#limits.packetBytes
  }

  /** Queues a message; it leaves before data that is not laid out yet. */
  send(payload: Buffer): void {
    this.#layOut(payload)
    this.scheduleFlush()
  }

  /** Like `send`, but leaves with what the next turn of the event loop brings: for what is likely to be followed by data. */
  sendWithNext(payload: Buffer): void {
    this.#layOut(payload)
    setImmediate(this.scheduleFlush)
  }

  /** Like `send`, but nobody waits for it: leaves with what is sent next, or a moment later. */
  sendUnhurried(payload: Buffer): void {
    this.#layOut(payload)
    if (this.#state !== 'over') this.#unhurried ??= this.#clock.setTimeout(this.#onUnhurriedDue, UNHURRIED_MS)
  }

  #layOut(payload: Buffer): void {
    if (this.#state === 'over') return
    if (this.#keys.isUnderWay && !mayPassKex(payload[0] ?? 0)) {
      this.#control.push(payload)
      this.#controlBytes += payload.length
    } else this.#writer.send(payload)
    if (this.queuedBytes > this.#limits.controlQueueBytes) {
      this.fail(new TransportError('protocol-error', `the peer does not read: ${this.queuedBytes} bytes wait for it`))
    }
  }

  /** Lays out a packet for channel data: see PacketWriter.begin. Only while `canSendData`. */
  beginData(payloadBytes: number): number {
    return this.#writer.begin(payloadBytes)
  }

  /** Puts the data of that packet in its place: see PacketWriter.fill. */
  fillData(at: number, source: Buffer, from: number, byteCount: number): void {
    this.#writer.fill(at, source, from, byteCount)
  }

  /** The slab that `beginData` returned an offset into. */
  get slab(): Buffer {
    return this.#writer.slab
  }

  /** Flushes once per turn of the event loop, so that the packets of all callbacks of that turn leave together. */
  scheduleFlush = (): void => {
    if (this.#flushScheduled || this.#state === 'over') return
    this.#flushScheduled = true
    setImmediate(this.#onFlushDue)
  }

  /** Flushes when the read that is being dealt with is over, without waiting for what else this turn may bring. */
  flushAtReadEnd(): void {
    if (this.#flushScheduled || this.#state === 'over') return
    this.#flushScheduled = true
    atReadEnd(this.#onFlushDue)
  }

  /** Sends at once what is laid out. */
  flush(): void {
    if (this.#state !== 'over') this.#writer.flush()
  }

  /** Ends the layer; nothing more is handed up or sent. */
  close(): void {
    this.#state = 'over'
    this.#unhurried?.cancel()
    this.#control = []
    this.#controlBytes = 0
    this.#reader.close()
    this.#writer.release()
  }

  fail(thrown: unknown): void {
    if (this.#state === 'over') return
    this.#user.onFailure(thrown instanceof Error ? thrown : new Error(String(thrown)))
  }

  /** Asks for new keys; data goes on when they are there. */
  rekey(): void {
    if (!this.canSendData) return
    this.#keys.start()
    this.#writer.flush()
  }

  /** Answers a message that nobody knows (RFC 4253 section 11.4). */
  sendUnimplemented(sequence: number): void {
    this.send(encodeUnimplemented(sequence))
  }

  /** For conditions whose answer a callback may have changed. */
  #isOver(): boolean {
    return this.#state === 'over'
  }

  /** Something has left: the link shall never run dry while anything waits. */
  #onLeft = (): void => {
    if (this.#user.hasWaiting()) this.scheduleFlush()
  }

  #onUnhurriedDue = (): void => {
    this.#unhurried = undefined
    this.flush()
  }

  #onFlushDue = (): void => {
    this.#flushScheduled = false
    if (this.#state === 'over') return
    this.#user.onRoom()
    this.#writer.flush()
    this.#rekeyIfDue()
  }

  #rekeyIfDue(): void {
    const due =
      Math.max(this.#writer.bytesSinceKeys, this.#reader.bytesSinceKeys) > this.#limits.rekeyAfterBytes ||
      Math.max(this.#writer.packetsSinceKeys, this.#reader.packetsSinceKeys) > this.#limits.rekeyAfterPackets
    if (due) this.rekey()
  }

  #onPacket = (payload: Buffer, lease: Lease, sequence: number): void => {
    const type = payload[0] ?? 0
    const isFirstMessage = this.#isFirstMessage
    this.#isFirstMessage = false
    if (isKexMessage(type)) {
      if (type === MSG.KEXINIT && this.#keys.hasKeys && !this.#keys.isUnderWay) this.#checkRekey()
      this.#keys.receive(type, payload, isFirstMessage)
      return
    }
    if (type !== MSG.DISCONNECT) {
      if (this.#keys.isStrictlyFirst) {
        throw new TransportError('protocol-error', `message ${type} during the first key exchange`)
      }
      if (isIdle(type)) return
      if (!this.#keys.hasKeys) {
        throw new TransportError('protocol-error', `message ${type} before the key exchange was over`)
      }
      if (type === MSG.PING) {
        this.send(Buffer.concat([Buffer.from([MSG.PONG]), payload.subarray(1)]))
        return
      }
    }
    this.#user.onMessage(payload, lease, sequence)
  }

  /** The peer asks for new keys: for money's worth only. */
  #checkRekey(): void {
    if (!this.#isLoggedIn) throw new TransportError('protocol-error', 'new keys asked for before login')
    const bytes = Math.max(this.#writer.bytesSinceKeys, this.#reader.bytesSinceKeys)
    if (!this.#budget.take(bytes)) throw new TransportError('protocol-error', 'new keys asked for too often')
  }

  #onKeys(isFirst: boolean): void {
    const waiting = this.#control
    this.#control = []
    this.#controlBytes = 0
    for (const payload of waiting) this.#writer.send(payload)
    this.scheduleFlush()
    if (isFirst) this.#user.onReady()
  }
}

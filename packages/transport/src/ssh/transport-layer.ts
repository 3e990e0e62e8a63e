import { randomBytes } from 'node:crypto'
import type { Lease } from '../channel.ts'
import { TransportError } from '../errors.ts'
import type { ByteLink } from '../link.ts'
import { fingerprintOf, type HostKey, verifyHostKey } from './algorithms/host-key.ts'
import type { KexClient, SharedSecret } from './algorithms/kex.ts'
import { type Agreement, type AlgorithmChoice, negotiate, ourOffer } from './algorithms/negotiate.ts'
import { IdentReader } from './ident.ts'
import { directionKeys, type ExchangeTranscript, exchangeHash } from './key-exchange.ts'
import type { SshLimits } from './limits.ts'
import { encodeUnimplemented } from './messages/disconnect.ts'
import { encodeExtInfo } from './messages/ext-info.ts'
import { decodeKexPublic, decodeKexReply, encodeKexPublic, encodeKexReply } from './messages/kex-reply.ts'
import { decodeKexInit, encodeKexInit, type KexInit } from './messages/kexinit.ts'
import { MSG } from './messages/numbers.ts'
import { PacketReader } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'

/** The side of the key exchange, and what it needs to know of keys. */
export type TransportRole =
  | { readonly name: 'server'; readonly hostKey: HostKey }
  /** Throws when the key is not the expected one; nothing secret has been sent by then. */
  | { readonly name: 'client'; acceptHostKey(fingerprint: string): void }

/** Whoever sits above: gets messages, and is asked for data when there is room for it. */
export interface TransportUser {
  /** The first key exchange is over. */
  onReady(): void
  /** Any message that is not the business of key exchange. */
  onMessage(payload: Buffer, lease: Lease, sequence: number): void
  /** There is room on the link: lay out what waits. */
  onRoom(): void
  onFailure(error: Error): void
}

const isKexMessage = (type: number): boolean => type >= MSG.KEXINIT && type <= 49
/** Messages that may be sent while keys are exchanged (RFC 4253 section 7.1). */
const mayPassKex = (type: number): boolean => isKexMessage(type) || (type >= MSG.DISCONNECT && type <= MSG.DEBUG)

/** RFC 4253: identification, key exchange, packets. Knows nothing of users, requests and channels. */
export class TransportLayer {
  readonly #link: ByteLink
  readonly #role: TransportRole
  readonly #limits: SshLimits
  readonly #user: TransportUser
  readonly #choice: AlgorithmChoice
  readonly #ident: string
  readonly #identReader = new IdentReader()
  readonly #writer: PacketWriter
  readonly #reader: PacketReader
  #state: 'ident' | 'running' | 'failed' = 'ident'
  #ourInit: { offer: KexInit; payload: Buffer } | undefined
  #peerInit: Buffer | undefined
  #agreement: Agreement | undefined
  #client: KexClient | undefined
  #ignoreNext = false
  #firstMessageWasKexInit: boolean | undefined
  #nextKeys: { secret: SharedSecret; hash: Buffer } | undefined
  #sessionId: Buffer | undefined
  #strict = false
  #isReady = false
  #sentNewKeys = false
  #control: Buffer[] = []
  #controlBytes = 0
  #flushScheduled = false
  peerIdent = ''
  bytesReceived = 0

  constructor(
    link: ByteLink,
    role: TransportRole,
    limits: SshLimits,
    user: TransportUser,
    options: { ident: string; algorithms?: AlgorithmChoice },
  ) {
    this.#link = link
    this.#role = role
    this.#limits = limits
    this.#user = user
    this.#ident = options.ident
    this.#choice = options.algorithms ?? {}
    this.#writer = new PacketWriter(link)
    this.#reader = new PacketReader(limits.handshakePacketBytes, this.#onPacket)
  }

  get bytesSent(): number {
    return this.#writer.bytesSent
  }

  /** Whether data may be laid out now: no key exchange is under way. */
  get canSendData(): boolean {
    return this.#isReady && this.#ourInit === undefined && this.#state === 'running'
  }

  /** Bytes that wait in this layer and in the link. */
  get queuedBytes(): number {
    return this.#writer.pendingBytes + this.#link.queuedBytes + this.#controlBytes
  }

  get isStopped(): boolean {
    return this.#reader.isStopped
  }

  /** Sends identification and offer at once, without waiting for the peer. */
  start(): void {
    this.#writer.sendRaw(Buffer.from(`${this.#ident}\r\n`, 'latin1'))
    this.#startKex()
    this.#writer.flush()
  }

  /** Takes bytes of the link. */
  feed(bytes: Buffer, lease: Lease): void {
    this.bytesReceived += bytes.length
    if (this.#state === 'failed') return
    try {
      if (this.#state === 'running') {
        this.#reader.feed(bytes, lease)
        return
      }
      const rest = this.#identReader.feed(bytes)
      if (!rest) return
      this.peerIdent = this.#identReader.line
      this.#state = 'running'
      this.#reader.feed(rest, lease)
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  /** Stops handing up messages; the link is stopped, too. */
  stop(): void {
    this.#reader.stop()
    this.#link.pause()
  }

  /** Hands up what was kept and goes on. */
  resume(): void {
    if (!this.#reader.isStopped) return
    try {
      this.#reader.start()
    } catch (thrown) {
      this.fail(thrown)
    }
    if (!this.#reader.isStopped) this.#link.resume()
  }

  /** After login larger packets are taken. */
  allowLargePackets(): void {
    this.#reader.maxPacketBytes = this.#limits.packetBytes
  }

  /** Queues a message; it leaves before data that is not laid out yet. */
  send(payload: Buffer): void {
    if (this.#state === 'failed') return
    if (this.#ourInit && !mayPassKex(payload[0] ?? 0)) {
      this.#control.push(payload)
      this.#controlBytes += payload.length
      if (this.#controlBytes > this.#limits.controlQueueBytes) {
        this.fail(new TransportError('protocol-error', 'peer does not finish the key exchange'))
      }
      return
    }
    this.#writer.send(payload)
    this.scheduleFlush()
  }

  /** Lays out a packet for channel data: see PacketWriter.begin. Only while `canSendData`. */
  beginData(payloadBytes: number): number {
    return this.#writer.begin(payloadBytes)
  }

  /** The slab that `beginData` returned an offset into. */
  get slab(): Buffer {
    return this.#writer.slab
  }

  /** Flushes once per turn of the event loop, so that the packets of all callbacks of that turn leave together. */
  scheduleFlush(): void {
    if (this.#flushScheduled || this.#state === 'failed') return
    this.#flushScheduled = true
    setImmediate(this.#onFlushDue)
  }

  /** Sends at once what is laid out. */
  flush(): void {
    if (this.#state !== 'failed') this.#writer.flush()
  }

  /** Ends the layer; nothing more is handed up or sent. */
  close(): void {
    this.#state = 'failed'
    this.#control = []
    this.#controlBytes = 0
    this.#writer.release()
  }

  fail(thrown: unknown): void {
    if (this.#state === 'failed') return
    const error = thrown instanceof TransportError ? thrown : asProtocolError(thrown)
    this.#user.onFailure(error)
  }

  #onFlushDue = (): void => {
    this.#flushScheduled = false
    if (this.#state === 'failed') return
    this.#user.onRoom()
    this.#writer.flush()
    this.#rekeyIfDue()
  }

  #rekeyIfDue(): void {
    const due =
      Math.max(this.#writer.bytesSinceKeys, this.#reader.bytesSinceKeys) > this.#limits.rekeyAfterBytes ||
      Math.max(this.#writer.packetsSinceKeys, this.#reader.packetsSinceKeys) > this.#limits.rekeyAfterPackets
    if (due && this.canSendData) this.rekey()
  }

  /** Exchanges new keys; data goes on when they are there. */
  rekey(): void {
    if (!this.canSendData) return
    this.#startKex()
    this.#writer.flush()
  }

  #startKex(): void {
    const offer = ourOffer(this.#role.name, !this.#isReady, this.#choice)
    const payload = encodeKexInit(offer, randomBytes(16))
    this.#writer.send(payload)
    this.#ourInit = { offer, payload }
    this.#sentNewKeys = false
  }

  #onPacket = (payload: Buffer, lease: Lease, sequence: number): void => {
    const type = payload[0] ?? 0
    this.#firstMessageWasKexInit ??= type === MSG.KEXINIT
    if (isKexMessage(type)) {
      this.#onKexMessage(type, payload)
      return
    }
    if (!this.#isReady && type !== MSG.DISCONNECT && this.#firstExchangeIsStrict()) {
      throw new TransportError('protocol-error', `message ${type} during the first key exchange`)
    }
    if (type === MSG.IGNORE || type === MSG.DEBUG || type === MSG.EXT_INFO || type === MSG.PONG) return
    if (type === MSG.PING) {
      this.send(Buffer.concat([Buffer.from([MSG.PONG]), payload.subarray(1)]))
      return
    }
    if (!this.#isReady && type !== MSG.DISCONNECT) {
      throw new TransportError('protocol-error', `message ${type} before the key exchange was over`)
    }
    this.#user.onMessage(payload, lease, sequence)
  }

  #firstExchangeIsStrict(): boolean {
    return this.#agreement?.strict ?? false
  }

  /** Answers a message that nobody knows (RFC 4253 section 11.4). */
  sendUnimplemented(sequence: number): void {
    this.send(encodeUnimplemented(sequence))
  }

  #onKexMessage(type: number, payload: Buffer): void {
    if (type === MSG.KEXINIT) {
      this.#onKexInit(Buffer.from(payload))
      return
    }
    if (type === MSG.NEWKEYS) {
      this.#onNewKeys()
      return
    }
    if (this.#ignoreNext) {
      this.#ignoreNext = false
      return
    }
    if (type === MSG.KEX_INIT && this.#role.name === 'server') this.#onKexPublic(payload)
    else if (type === MSG.KEX_REPLY && this.#role.name === 'client') this.#onKexReply(payload)
    else throw new TransportError('protocol-error', `unexpected key exchange message ${type}`)
  }

  #onKexInit(payload: Buffer): void {
    if (this.#peerInit) throw new TransportError('protocol-error', 'second offer inside one key exchange')
    if (!this.#ourInit) this.#startKex()
    const ours = this.#ourInit
    if (!ours) return
    this.#peerInit = payload
    const peer = decodeKexInit(payload)
    const agreement = this.#role.name === 'client' ? negotiate(ours.offer, peer) : negotiate(peer, ours.offer)
    this.#agreement = agreement
    if (!this.#isReady) {
      this.#strict = agreement.strict
      if (this.#strict && this.#firstMessageWasKexInit === false) {
        throw new TransportError('protocol-error', 'message before the first offer (strict key exchange)')
      }
    }
    this.#ignoreNext = peer.firstPacketFollows && agreement.guessIsWrong
    if (this.#role.name === 'client') {
      this.#client = agreement.kex.start()
      this.#writer.send(encodeKexPublic(this.#client.publicValue, agreement.kex.valuesAreNumbers))
    }
    this.#writer.flush()
  }

  #transcript(hostKey: Buffer, clientValue: Buffer, serverValue: Buffer): ExchangeTranscript {
    const isClient = this.#role.name === 'client'
    const ours = this.#ourInit?.payload
    const peers = this.#peerInit
    if (!ours || !peers) throw new TransportError('protocol-error', 'key exchange without offers')
    return {
      clientIdent: isClient ? this.#ident : this.peerIdent,
      serverIdent: isClient ? this.peerIdent : this.#ident,
      clientInit: isClient ? ours : peers,
      serverInit: isClient ? peers : ours,
      hostKey,
      clientValue,
      serverValue,
    }
  }

  #onKexPublic(payload: Buffer): void {
    const agreement = this.#agreement
    if (!agreement || this.#nextKeys || this.#role.name !== 'server') throw outOfOrder()
    const { kex } = agreement
    const clientValue = decodeKexPublic(payload, kex.valuesAreNumbers)
    const { serverValue, secret } = kex.respond(clientValue)
    const { hostKey } = this.#role
    const hash = exchangeHash(kex, this.#transcript(hostKey.publicBlob, clientValue, serverValue), secret)
    const reply = { hostKey: hostKey.publicBlob, publicValue: serverValue, signature: hostKey.sign(hash) }
    this.#writer.send(encodeKexReply(reply, kex.valuesAreNumbers))
    this.#agreeOn(secret, hash)
  }

  #onKexReply(payload: Buffer): void {
    const agreement = this.#agreement
    const client = this.#client
    if (!agreement || !client || this.#nextKeys || this.#role.name !== 'client') throw outOfOrder()
    const { kex } = agreement
    const reply = decodeKexReply(payload, kex.valuesAreNumbers)
    const secret = client.finish(reply.publicValue)
    const hash = exchangeHash(kex, this.#transcript(reply.hostKey, client.publicValue, reply.publicValue), secret)
    // The key first: whoever shows a wrong one is told apart from whoever cannot sign.
    this.#role.acceptHostKey(fingerprintOf(reply.hostKey))
    if (!verifyHostKey(agreement.hostKey, reply.hostKey, hash, reply.signature)) {
      throw new TransportError('handshake-failed', 'host key: the signature of the server is wrong')
    }
    this.#agreeOn(secret, hash)
  }

  #agreeOn(secret: SharedSecret, hash: Buffer): void {
    const agreement = this.#agreement
    if (!agreement) throw outOfOrder()
    this.#nextKeys = { secret, hash }
    this.#sessionId ??= hash
    const direction = this.#role.name === 'client' ? 'toServer' : 'toClient'
    const keys = directionKeys(agreement.kex, secret, hash, this.#sessionId, direction)
    const { cipher, mac } = agreement[direction]
    this.#writer.send(Buffer.from([MSG.NEWKEYS]))
    this.#writer.setSealer(cipher.createSealer(keys, mac), this.#strict)
    this.#sentNewKeys = true
    this.#client = undefined
    if (!this.#isReady && this.#role.name === 'server' && agreement.clientWantsExtInfo) {
      const algorithms = 'ecdsa-sha2-nistp256,ssh-ed25519,rsa-sha2-512,rsa-sha2-256'
      this.#writer.send(encodeExtInfo({ 'server-sig-algs': algorithms, 'ping@openssh.com': '0' }))
    }
    this.#writer.flush()
  }

  #onNewKeys(): void {
    const agreement = this.#agreement
    const next = this.#nextKeys
    if (!agreement || !next || !this.#sentNewKeys || !this.#sessionId) throw outOfOrder()
    const direction = this.#role.name === 'client' ? 'toClient' : 'toServer'
    const keys = directionKeys(agreement.kex, next.secret, next.hash, this.#sessionId, direction)
    const { cipher, mac } = agreement[direction]
    this.#reader.setOpener(cipher.createOpener(keys, mac), this.#strict)
    this.#ourInit = undefined
    this.#peerInit = undefined
    this.#agreement = undefined
    this.#nextKeys = undefined
    const waiting = this.#control
    this.#control = []
    this.#controlBytes = 0
    const wasReady = this.#isReady
    this.#isReady = true
    for (const payload of waiting) this.#writer.send(payload)
    this.scheduleFlush()
    if (!wasReady) this.#user.onReady()
  }
}

const outOfOrder = (): TransportError => new TransportError('protocol-error', 'key exchange messages out of order')

const asProtocolError = (thrown: unknown): TransportError =>
  new TransportError('protocol-error', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })

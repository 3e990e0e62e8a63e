import { TransportError } from '../errors.ts'
import { fillRandom } from '../random-pool.ts'
import { fingerprintOf, type HostKey, verifyHostKey } from './algorithms/host-key.ts'
import type { KexClient, SharedSecret } from './algorithms/kex.ts'
import { type NativeGcm, nativeGcm } from './algorithms/native-gcm.ts'
import { type Agreement, type AlgorithmChoice, negotiate, ourOffer } from './algorithms/negotiate.ts'
import { directionKeys, type ExchangeTranscript, exchangeHash } from './key-exchange.ts'
import { encodeExtInfo } from './messages/ext-info.ts'
import { decodeKexPublic, decodeKexReply, encodeKexPublic, encodeKexReply } from './messages/kex-reply.ts'
import { decodeKexInit, encodeKexInit, type KexInit } from './messages/kexinit.ts'
import { MSG } from './messages/numbers.ts'
import type { PacketReader } from './packet-reader.ts'
import type { PacketWriter } from './packet-writer.ts'

/** The side of the key exchange, and what it needs to know of keys. */
export type TransportRole =
  | { readonly name: 'server'; readonly hostKey: HostKey }
  /** Throws when the key is not the expected one; nothing secret has been sent by then. */
  | { readonly name: 'client'; acceptHostKey(fingerprint: string): void }

export interface KeyAgreementDeps {
  readonly role: TransportRole
  readonly ident: string
  readonly choice: AlgorithmChoice
  readonly reader: PacketReader
  readonly writer: PacketWriter
  /** New keys hold in both directions. */
  readonly onDone: (isFirst: boolean) => void
}

/** Makes offers differ, RFC 4253 section 7.1; it is no secret. */
const COOKIE_BYTES = 16

/** RFC 4253 sections 7 to 9: agrees on keys, first and later ones, and gives them to reader and writer. */
export class KeyAgreement {
  readonly #deps: KeyAgreementDeps
  readonly #writer: PacketWriter
  readonly #native: NativeGcm | undefined
  #ourInit: { offer: KexInit; payload: Buffer } | undefined
  #peerInit: Buffer | undefined
  #agreement: Agreement | undefined
  #client: KexClient | undefined
  #ignoreNext = false
  #nextKeys: { secret: SharedSecret; hash: Buffer } | undefined
  #sessionId: Buffer | undefined
  /** Of the key that was accepted before: it is not asked about again at each renewal. */
  #acceptedFingerprint: string | undefined
  #strict = false
  #hasKeys = false
  /** Identification line of the peer; must be known before the first message. */
  peerIdent = ''

  constructor(deps: KeyAgreementDeps) {
    this.#deps = deps
    this.#writer = deps.writer
    this.#native = deps.choice.nativeGcm === undefined ? nativeGcm : (deps.choice.nativeGcm ?? undefined)
  }

  /** The first exchange is over. */
  get hasKeys(): boolean {
    return this.#hasKeys
  }

  /** An exchange has begun and is not over. */
  get isUnderWay(): boolean {
    return this.#ourInit !== undefined
  }

  /** The first exchange is under way and both sides want it strict: nothing else may be said (Terrapin). */
  get isStrictlyFirst(): boolean {
    return !this.#hasKeys && this.#strict
  }

  /** Lays out our offer; the caller flushes. */
  start(): void {
    const offer = ourOffer(this.#deps.role.name, !this.#hasKeys, this.#deps.choice)
    const cookie = Buffer.alloc(COOKIE_BYTES)
    fillRandom(cookie, 0, COOKIE_BYTES)
    const payload = encodeKexInit(offer, cookie)
    this.#writer.send(payload)
    this.#ourInit = { offer, payload }
  }

  /** Any of the messages 20 to 49. @param isFirstMessage  nothing has come before it, not even a message without meaning */
  receive(type: number, payload: Buffer, isFirstMessage: boolean): void {
    if (type === MSG.KEXINIT) {
      this.#onKexInit(Buffer.from(payload), isFirstMessage)
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
    const { role } = this.#deps
    if (type === MSG.KEX_INIT && role.name === 'server') this.#onKexPublic(payload, role.hostKey)
    else if (type === MSG.KEX_REPLY && role.name === 'client') this.#onKexReply(payload, role.acceptHostKey)
    else throw new TransportError('protocol-error', `unexpected key exchange message ${type}`)
  }

  #onKexInit(payload: Buffer, isFirstMessage: boolean): void {
    if (this.#peerInit) throw new TransportError('protocol-error', 'second offer inside one key exchange')
    if (!this.#ourInit) this.start()
    const ours = this.#ourInit
    if (!ours) return
    this.#peerInit = payload
    const peer = decodeKexInit(payload)
    const isClient = this.#deps.role.name === 'client'
    const agreement = isClient ? negotiate(ours.offer, peer) : negotiate(peer, ours.offer)
    this.#agreement = agreement
    if (!this.#hasKeys) {
      this.#strict = agreement.strict
      if (this.#strict && !isFirstMessage) {
        throw new TransportError('protocol-error', 'message before the first offer (strict key exchange)')
      }
    }
    this.#ignoreNext = peer.firstPacketFollows && agreement.guessIsWrong
    if (isClient) {
      this.#client = agreement.kex.start()
      this.#writer.send(encodeKexPublic(this.#client.publicValue, agreement.kex.valuesAreNumbers))
    }
    this.#writer.flush()
  }

  #transcript(hostKey: Buffer, clientValue: Buffer, serverValue: Buffer): ExchangeTranscript {
    const { role, ident } = this.#deps
    const isClient = role.name === 'client'
    const ours = this.#ourInit?.payload
    const peers = this.#peerInit
    if (!ours || !peers) throw outOfOrder()
    return {
      clientIdent: isClient ? ident : this.peerIdent,
      serverIdent: isClient ? this.peerIdent : ident,
      clientInit: isClient ? ours : peers,
      serverInit: isClient ? peers : ours,
      hostKey,
      clientValue,
      serverValue,
    }
  }

  #onKexPublic(payload: Buffer, hostKey: HostKey): void {
    const agreement = this.#agreement
    if (!agreement || this.#nextKeys) throw outOfOrder()
    const { kex } = agreement
    const clientValue = decodeKexPublic(payload, kex.valuesAreNumbers)
    const { serverValue, secret } = kex.respond(clientValue)
    const hash = exchangeHash(kex, this.#transcript(hostKey.publicBlob, clientValue, serverValue), secret)
    const reply = { hostKey: hostKey.publicBlob, publicValue: serverValue, signature: hostKey.sign(hash) }
    this.#writer.send(encodeKexReply(reply, kex.valuesAreNumbers))
    this.#agreeOn(agreement, secret, hash)
  }

  #onKexReply(payload: Buffer, acceptHostKey: (fingerprint: string) => void): void {
    const agreement = this.#agreement
    const client = this.#client
    if (!agreement || !client || this.#nextKeys) throw outOfOrder()
    const { kex } = agreement
    const reply = decodeKexReply(payload, kex.valuesAreNumbers)
    const secret = client.finish(reply.publicValue)
    const hash = exchangeHash(kex, this.#transcript(reply.hostKey, client.publicValue, reply.publicValue), secret)
    // The key first: whoever shows a wrong one is told apart from whoever cannot sign.
    const fingerprint = fingerprintOf(reply.hostKey)
    if (fingerprint !== this.#acceptedFingerprint) acceptHostKey(fingerprint)
    this.#acceptedFingerprint = fingerprint
    if (!verifyHostKey(agreement.hostKey, reply.hostKey, hash, reply.signature)) {
      throw new TransportError('handshake-failed', 'host key: the signature of the server is wrong')
    }
    this.#agreeOn(agreement, secret, hash)
  }

  /** Sends with the new keys from here on; receives with them from the peer's NEWKEYS on. */
  #agreeOn(agreement: Agreement, secret: SharedSecret, hash: Buffer): void {
    const isServer = this.#deps.role.name === 'server'
    this.#nextKeys = { secret, hash }
    this.#sessionId ??= hash
    const direction = isServer ? 'toClient' : 'toServer'
    const keys = directionKeys(agreement.kex, secret, hash, this.#sessionId, direction)
    const { cipher, mac } = agreement[direction]
    this.#writer.send(Buffer.from([MSG.NEWKEYS]))
    this.#writer.setSealer(cipher.createSealer(keys, mac, this.#native), this.#strict)
    this.#client = undefined
    if (!this.#hasKeys && isServer && agreement.clientWantsExtInfo) this.#writer.send(OUR_EXTENSIONS)
    // What is laid out behind the new keys leaves with the next words; NEWKEYS itself is on its way.
  }

  #onNewKeys(): void {
    const agreement = this.#agreement
    const next = this.#nextKeys
    if (!agreement || !next || !this.#sessionId) throw outOfOrder()
    const direction = this.#deps.role.name === 'client' ? 'toClient' : 'toServer'
    const keys = directionKeys(agreement.kex, next.secret, next.hash, this.#sessionId, direction)
    const { cipher, mac } = agreement[direction]
    this.#deps.reader.setOpener(cipher.createOpener(keys, mac, this.#native), this.#strict)
    this.#ourInit = undefined
    this.#peerInit = undefined
    this.#agreement = undefined
    this.#nextKeys = undefined
    this.#ignoreNext = false
    const isFirst = !this.#hasKeys
    this.#hasKeys = true
    this.#deps.onDone(isFirst)
  }
}

/** What our server announces after the first exchange (wire-protocol 2.2). */
const OUR_EXTENSIONS = encodeExtInfo({
  'server-sig-algs': 'ecdsa-sha2-nistp256,ssh-ed25519,rsa-sha2-512,rsa-sha2-256',
  'ping@openssh.com': '0',
})

const outOfOrder = (): TransportError => new TransportError('protocol-error', 'key exchange messages out of order')

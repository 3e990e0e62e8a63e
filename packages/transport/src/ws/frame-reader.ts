import type { Lease } from '../channel.ts'
import { TransportError } from '../errors.ts'
import { applyMask } from './mask.ts'

/** RFC 6455 section 5.2 */
export const OPCODE = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const

const MAX_CONTROL_BYTES = 125
/** Longest head: 2 bytes, 8 of length, 4 of mask key. */
const MAX_HEAD_BYTES = 14

export interface FrameUser {
  /** A piece of a message. Where messages begin and end carries no meaning here: SSH is a byte stream. */
  onPayload(bytes: Buffer, lease: Lease): void
  onPing(payload: Buffer): void
  onCloseFrame(): void
}

/**
 * Frames in, bytes out. No message is ever joined: pieces go up as they arrive, unmasked in place. Go agents cut every packet
 * into masked frames of 1,024 bytes (wire-protocol 1.2).
 */
export class FrameReader {
  readonly #user: FrameUser
  readonly #wantsMask: boolean
  // Not a piece of the runtime's pool: for as long as the connection lives it would keep 64 KiB of it from being freed.
  readonly #head = Buffer.alloc(MAX_HEAD_BYTES)
  #headBytes = 0
  #left = 0
  #opcode = 0
  readonly #key = Buffer.alloc(4)
  #isMasked = false
  #phase = 0
  #inMessage = false
  #control: Buffer | undefined
  #controlBytes = 0

  /** @param wantsMask  a server demands masked frames, a client unmasked ones (RFC 6455 section 5.1) */
  constructor(wantsMask: boolean, user: FrameUser) {
    this.#wantsMask = wantsMask
    this.#user = user
  }

  feed(bytes: Buffer, lease: Lease): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#left === 0) {
        at = this.#readHead(bytes, at)
        continue
      }
      const taken = Math.min(this.#left, bytes.length - at)
      if (this.#isMasked) applyMask(bytes, at, at + taken, this.#key, this.#phase)
      this.#phase += taken
      this.#left -= taken
      const piece = bytes.subarray(at, at + taken)
      at += taken
      if (this.#control) this.#takeControl(piece)
      else this.#user.onPayload(piece, lease)
    }
  }

  #readHead(bytes: Buffer, start: number): number {
    let at = start
    while (at < bytes.length) {
      this.#head[this.#headBytes] = bytes[at] ?? 0
      this.#headBytes += 1
      at += 1
      if (this.#headBytes >= 2 && this.#headBytes === this.#headSize()) {
        this.#headBytes = 0
        this.#openFrame()
        return at
      }
    }
    return at
  }

  #headSize(): number {
    const second = this.#head[1] ?? 0
    const short = second & 0x7f
    return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + ((second & 0x80) !== 0 ? 4 : 0)
  }

  #openFrame(): void {
    const head = this.#head
    const first = head[0] ?? 0
    const second = head[1] ?? 0
    const short = second & 0x7f
    const isFinal = (first & 0x80) !== 0
    this.#opcode = first & 0x0f
    this.#isMasked = (second & 0x80) !== 0
    if ((first & 0x70) !== 0) throw violation('reserved bits are set')
    if (this.#isMasked !== this.#wantsMask)
      throw violation(this.#wantsMask ? 'frame without mask' : 'masked frame from a server')
    let length = short
    if (short === 126) length = head.readUInt16BE(2)
    if (short === 127) {
      if (head.readUInt32BE(2) !== 0) throw violation('frame of 4 GiB or more')
      length = head.readUInt32BE(6)
    }
    if (this.#isMasked) head.copy(this.#key, 0, this.#headSize() - 4, this.#headSize())
    // An all-zero key changes nothing: our own agents send it to spare both sides the work.
    if (this.#isMasked && this.#key.readUInt32BE(0) === 0) this.#isMasked = false
    this.#phase = 0
    this.#left = length
    if (this.#opcode >= OPCODE.CLOSE) this.#openControl(length, isFinal)
    else this.#openData(isFinal)
  }

  #openData(isFinal: boolean): void {
    if (this.#opcode > OPCODE.BINARY) throw violation(`opcode ${this.#opcode}`)
    if ((this.#opcode === OPCODE.CONTINUATION) !== this.#inMessage) throw violation('continuation out of order')
    this.#inMessage = !isFinal
  }

  #openControl(length: number, isFinal: boolean): void {
    if (!isFinal || length > MAX_CONTROL_BYTES || this.#opcode > OPCODE.PONG) throw violation('malformed control frame')
    this.#control = Buffer.allocUnsafe(length)
    this.#controlBytes = 0
    if (length === 0) this.#finishControl()
  }

  #takeControl(piece: Buffer): void {
    if (!this.#control) return
    piece.copy(this.#control, this.#controlBytes)
    this.#controlBytes += piece.length
    if (this.#controlBytes === this.#control.length) this.#finishControl()
  }

  #finishControl(): void {
    const payload = this.#control ?? Buffer.alloc(0)
    this.#control = undefined
    if (this.#opcode === OPCODE.PING) this.#user.onPing(payload)
    if (this.#opcode === OPCODE.CLOSE) this.#user.onCloseFrame()
  }
}

const violation = (what: string): TransportError => new TransportError('protocol-error', `WebSocket: ${what}`)

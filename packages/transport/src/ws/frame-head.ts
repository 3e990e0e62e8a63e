const FIN = 0x80
const MASKED = 0x80

/**
 * Writes the head of one whole frame so that it ends right before `payloadFrom`.
 * @param key  mask key of a client; its payload is masked by the caller
 * @returns    where the head begins
 */
export function writeFrameHead(
  target: Buffer,
  payloadFrom: number,
  opcode: number,
  payloadBytes: number,
  key: Buffer | undefined,
): number {
  const lengthBytes = payloadBytes < 126 ? 0 : payloadBytes < 65_536 ? 2 : 8
  const at = payloadFrom - 2 - lengthBytes - (key ? 4 : 0)
  target[at] = FIN | opcode
  const short = lengthBytes === 0 ? payloadBytes : lengthBytes === 2 ? 126 : 127
  target[at + 1] = (key ? MASKED : 0) | short
  if (lengthBytes === 2) target.writeUInt16BE(payloadBytes, at + 2)
  if (lengthBytes === 8) {
    target.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), at + 2)
    target.writeUInt32BE(payloadBytes >>> 0, at + 6)
  }
  key?.copy(target, payloadFrom - 4)
  return at
}

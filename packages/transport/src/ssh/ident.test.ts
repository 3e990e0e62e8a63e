import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransportError } from '../errors.ts'
import { IdentReader } from './ident.ts'

/** @returns the line and what follows it, when the stream comes in these pieces */
function read(pieces: readonly Buffer[]): { line: string; rest: string | undefined } {
  const reader = new IdentReader()
  let rest: Buffer | undefined
  for (const piece of pieces) {
    if (rest) rest = Buffer.concat([rest, piece])
    else rest = reader.feed(piece)
  }
  return { line: reader.line, rest: rest?.toString('latin1') }
}

const bytes = (text: string) => Buffer.from(text, 'latin1')

test('the line is read, cut at any byte, and what follows is left alone', () => {
  const stream = bytes('SSH-rport-v1-client\r\n\0\0rest')
  for (let at = 0; at <= stream.length; at += 1) {
    const got = read([stream.subarray(0, at), stream.subarray(at)])
    expect(got).toEqual({ line: 'SSH-rport-v1-client', rest: '\0\0rest' })
  }
})

describe('a line is taken', () => {
  test.each(['SSH-2.0-OpenSSH_9.2p1 Debian-2', 'SSH-rport-v1-server', 'SSH-', 'SSH-2.0-x  '])('%j', (line) => {
    expect(read([bytes(`${line}\r\n`)])).toEqual({ line, rest: '' })
    expect(read([bytes(`${line}\n`)]).line).toBe(line)
  })

  test('of 255 characters with its end', () => {
    const line = `SSH-${'x'.repeat(249)}`
    expect(read([bytes(`${line}\r\n`)]).line).toBe(line)
  })
})

describe('a line is refused', () => {
  test.each([
    ['of another protocol', 'HTTP/1.1 400 Bad Request\r\n', 'does not speak SSH'],
    ['after a greeting', 'hello\r\nSSH-2.0-x\r\n', 'does not speak SSH'],
    ['with an escape sequence', 'SSH-2.0-\x1b[31m\r\n', 'not plain ASCII'],
    ['with a letter that is not ASCII', 'SSH-2.0-\xe9\r\n', 'not plain ASCII'],
    ['with a NUL', 'SSH-2.0-\0\r\n', 'not plain ASCII'],
    ['that never ends', `SSH-${'x'.repeat(300)}`, 'too long'],
  ])('%s', (_what, stream, message) => {
    expect(() => read([bytes(stream)])).toThrow(message)
    expect(() => read(Array.from(bytes(stream), (byte) => Buffer.from([byte])))).toThrow(TransportError)
  })

  test('at its first wrong byte, without waiting for its end', () => {
    expect(() => read([bytes('SSX')])).toThrow('does not speak SSH')
  })
})

test('arbitrary bytes throw nothing but TransportError', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (pieces) => {
      try {
        read(pieces.map((piece) => Buffer.from(piece)))
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(TransportError)
      }
    }),
  )
})

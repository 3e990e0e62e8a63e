import { once } from 'node:events'
import { createServer } from 'node:net'
import { connect } from 'node:tls'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { readClientHello } from './client-hello.ts'

/** What the runtime's own TLS client sends first. */
async function helloOf(options: { servername?: string; ALPNProtocols?: string[] }): Promise<Buffer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }).on(
    'error',
    () => undefined,
  )
  const [accepted] = await once(server, 'connection')
  const [bytes] = await once(accepted, 'data')
  socket.destroy()
  accepted.destroy()
  server.close()
  return bytes as Buffer
}

let hello: Buffer
beforeAll(async () => {
  hello = await helloOf({ servername: 'Rport.Example.com', ALPNProtocols: ['acme-tls/1', 'h2'] })
})

test('a real hello says its server name and protocols', async () => {
  expect(readClientHello(hello)).toEqual({ serverName: 'rport.example.com', protocols: ['acme-tls/1', 'h2'] })
  expect(readClientHello(await helloOf({}))).toEqual({ serverName: undefined, protocols: [] })
})

test('every part of a hello needs more bytes', () => {
  for (let size = 0; size < hello.length; size += 1) {
    expect(readClientHello(hello.subarray(0, size))).toBe('incomplete')
  }
})

test('what follows the hello is not looked at', () => {
  expect(readClientHello(Buffer.concat([hello, Buffer.from('more')]))).toMatchObject({
    protocols: ['acme-tls/1', 'h2'],
  })
})

describe('is no hello:', () => {
  test.each([
    ['a plain request', Buffer.from('GET / HTTP/1.1\r\n')],
    ['a record larger than TLS allows', Buffer.from([22, 3, 1, 0xff, 0xff])],
    ['another handshake message', Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
    ['lengths that lead past the end', Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 200, 3])],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
  ])('%s', (_case, bytes) => {
    expect(readClientHello(bytes)).toBeUndefined()
  })

  test('whatever stands in it, nothing is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(), (noise, at) => {
        const bent = Buffer.from(hello)
        bent.set(noise.subarray(0, Math.max(0, bent.length - (at % bent.length))), at % bent.length)
        readClientHello(bent)
        readClientHello(Buffer.from(noise))
      }),
    )
  })
})

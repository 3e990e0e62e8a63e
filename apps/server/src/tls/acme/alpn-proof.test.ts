import { once } from 'node:events'
import { connect as connectPlain, createServer as createPlainServer, type Socket } from 'node:net'
import { type ConnectionOptions, connect, createServer, type Server } from 'node:tls'
import { systemClock } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeCertificate, type TestCertificate } from '../testing/make-certificate.ts'
import { answerAlpnProofs } from './alpn-proof.ts'
import { createPendingProofs, type PendingProofs } from './pending-proofs.ts'

let own: TestCertificate
let proof: TestCertificate
beforeAll(async () => {
  own = await makeCertificate({ name: 'own' })
  proof = await makeCertificate({ name: 'proof' })
})

let server: Server
let proofs: PendingProofs
const sockets: Socket[] = []
beforeEach(() => {
  proofs = createPendingProofs('tls-alpn-01')
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server.close()
})

async function listen(clock = systemClock): Promise<number> {
  server = createServer({ cert: own.certificate, key: own.key }, (socket) => socket.end('served'))
  server.on('tlsClientError', () => undefined)
  answerAlpnProofs(server, { proofs, clock })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}
const show = (name = 'rport.example.com') => proofs.show({ kind: 'tls-alpn-01', name, ...proof })

/** Name of the certificate that is shown, the protocol that was chosen and what was said after the handshake. */
async function look(port: number, options: ConnectionOptions = {}) {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'rport.example.com',
    rejectUnauthorized: false,
    ...options,
  })
  sockets.push(socket)
  await once(socket, 'secureConnect')
  const name = socket.getPeerCertificate().subject.CN
  const protocol = socket.alpnProtocol
  if (protocol === 'acme-tls/1') return { name, protocol, text: '' }
  const [text] = await once(socket, 'data')
  return { name, protocol, text: String(text) }
}
const asAuthority = { ALPNProtocols: ['acme-tls/1'] }

describe('while a proof is pending', () => {
  test('the authority is shown the proof', async () => {
    const port = await listen()
    show()
    expect(await look(port, asAuthority)).toMatchObject({ name: 'proof', protocol: 'acme-tls/1' })
  })

  test('callers are served as ever', async () => {
    const port = await listen()
    show()
    expect(await look(port)).toEqual({ name: 'own', protocol: false, text: 'served' })
    expect(await look(port, { maxVersion: 'TLSv1.2' })).toMatchObject({ name: 'own', text: 'served' })
  })

  test('a hello that comes in pieces is understood', async () => {
    const port = await listen()
    show()
    const splitter = createPlainServer((near) => {
      const far = connectPlain(port, '127.0.0.1').setNoDelay(true)
      sockets.push(near, far)
      far.pipe(near)
      near.on('data', async (bytes: Buffer) => {
        near.pause()
        for (let at = 0; at < bytes.length; at += 50) {
          far.write(bytes.subarray(at, at + 50))
          await new Promise(setImmediate)
        }
        near.resume()
      })
    }).listen(0, '127.0.0.1')
    await once(splitter, 'listening')
    const { port: through } = splitter.address() as { port: number }
    expect(await look(through, asAuthority)).toMatchObject({ name: 'proof' })
    expect(await look(through)).toMatchObject({ name: 'own', text: 'served' })
    splitter.close()
  })

  test('an authority that looks for another name is closed', async () => {
    const port = await listen()
    show()
    await expect(look(port, { ...asAuthority, servername: 'other.example.com' })).rejects.toThrow()
  })

  test('a caller that says nothing is closed in time', async () => {
    const clock = createFakeClock()
    const port = await listen(clock)
    show()
    const accepted = once(server, 'connection')
    const line = connectPlain(port, '127.0.0.1').on('error', () => undefined)
    sockets.push(line)
    await accepted
    const closed = once(line, 'close')
    await clock.advance(5000)
    await closed
    expect(clock.pending).toBe(0)
  })
})

test('without a pending proof the protocol is refused by the listener itself', async () => {
  const port = await listen()
  show()
  proofs.hide({ kind: 'tls-alpn-01', name: 'rport.example.com', ...proof })
  expect(await look(port)).toMatchObject({ name: 'own', text: 'served' })
  expect(await look(port, asAuthority)).toMatchObject({ name: 'own', protocol: false })
})

import type { Server, Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { type Clock, MS_PER_SECOND } from '@rport/kit'
import { type ClientHello, MAX_HELLO_BYTES, readClientHello } from './client-hello.ts'
import type { PendingProofs } from './pending-proofs.ts'

const PROTOCOL = 'acme-tls/1'
/** An authority says hello at once and is done after the handshake. */
const DEADLINE_MS = 5 * MS_PER_SECOND

/**
 * Lets a TLS server answer tls-alpn-01 while a proof is pending: handshakes that ask for `acme-tls/1` are shown the proof,
 * all others go on as if nothing were between. Without a pending proof no byte is looked at.
 *
 * The runtime chooses a certificate before it knows the protocol, so the first record has to be read before it does.
 * @param server  before it listens
 * @see RFC 8737
 */
export function answerAlpnProofs(
  server: Server,
  { proofs, clock }: { readonly proofs: Pick<PendingProofs, 'findPair' | 'isEmpty'>; readonly clock: Clock },
): void {
  const accepting = server.listeners('connection')
  server.removeAllListeners('connection')
  const accept = (socket: Socket) => {
    for (const listener of accepting) Reflect.apply(listener, server, [socket])
  }

  server.on('connection', (socket: Socket) => {
    if (proofs.isEmpty) return accept(socket)
    readHello(socket, clock, (hello) => {
      const isProof = hello?.protocols.includes(PROTOCOL) === true
      if (!isProof) return accept(socket)
      const pair = proofs.findPair(hello.serverName ?? '')
      if (!pair) return socket.destroy()
      showProof(socket, pair, clock)
      return undefined
    })
    return undefined
  })
}

/** Reads the first record and puts it back. A caller that says nothing in time is closed. */
function readHello(socket: Socket, clock: Clock, decide: (hello: ClientHello | undefined) => void): void {
  let bytes = Buffer.alloc(0)
  const timer = clock.setTimeout(() => socket.destroy(), DEADLINE_MS, { background: true })
  const end = () => {
    timer.cancel()
    socket.off('readable', look)
    socket.off('error', drop)
    socket.off('close', end)
  }
  const drop = () => socket.destroy()
  const look = () => {
    for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
      bytes = Buffer.concat([bytes, chunk])
    }
    const hello = readClientHello(bytes)
    const isDone = hello !== 'incomplete' || bytes.length > MAX_HELLO_BYTES || socket.readableEnded
    if (!isDone) return
    end()
    // Whoever gets the socket now must find it as it was accepted.
    if (bytes.length > 0) socket.unshift(bytes)
    decide(hello === 'incomplete' ? undefined : hello)
  }
  socket.on('error', drop)
  socket.on('close', end)
  socket.on('readable', look)
}

function showProof(socket: Socket, { certificate, key }: { certificate: string; key: string }, clock: Clock): void {
  const secured = new TLSSocket(socket, {
    isServer: true,
    secureContext: createSecureContext({ cert: certificate, key }),
    ALPNProtocols: [PROTOCOL],
  })
  const timer = clock.setTimeout(() => socket.destroy(), DEADLINE_MS, { background: true })
  // The handshake is the whole proof; the authority hangs up after it.
  secured.on('error', () => socket.destroy())
  secured.on('close', () => timer.cancel())
  secured.on('end', () => secured.end())
  secured.resume()
}

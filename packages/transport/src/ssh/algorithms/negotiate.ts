import { TransportError } from '../../errors.ts'
import type { KexInit } from '../messages/kexinit.ts'
import { AES_CTR_CIPHERS, MAC_ALGORITHMS } from './aes-ctr.ts'
import { AES_GCM_CIPHERS } from './aes-gcm.ts'
import { CHACHA20_POLY1305 } from './chacha20-poly1305.ts'
import type { CipherAlgorithm, MacAlgorithm } from './cipher.ts'
import { HOST_KEY_ALGORITHMS } from './host-key.ts'
import { KEX_ALGORITHMS, type KexAlgorithm } from './kex.ts'
import type { NativeGcm } from './native-gcm.ts'

/** All ciphers, best first: AES-GCM costs a fifth of CTR with HMAC (docs/adr/0002-ssh-engine.md). */
const CIPHERS: readonly CipherAlgorithm[] = [...AES_GCM_CIPHERS, CHACHA20_POLY1305, ...AES_CTR_CIPHERS]

const EXT_INFO_CLIENT = 'ext-info-c'
/** Strict key exchange against prefix truncation (Terrapin, CVE-2023-48795): OpenSSH PROTOCOL section 1.10. */
const STRICT = { client: 'kex-strict-c-v00@openssh.com', server: 'kex-strict-s-v00@openssh.com' } as const

/** Restricts what is offered: for tests and for interoperation runs with one algorithm at a time. */
export interface AlgorithmChoice {
  readonly kex?: readonly string[]
  readonly ciphers?: readonly string[]
  readonly macs?: readonly string[]
  /** Does the work of AES-GCM; the addon where there is one, unless told otherwise. `null`: node:crypto. */
  readonly nativeGcm?: NativeGcm | null
}

/** What we offer in our role. The markers that are no algorithms go only into the first offer of a connection. */
export function ourOffer(role: 'client' | 'server', isFirst: boolean, choice: AlgorithmChoice = {}): KexInit {
  const isWhole = !choice.kex && !choice.ciphers && !choice.macs
  return isWhole ? WHOLE_OFFERS[role][isFirst ? 'first' : 'later'] : offerOf(role, isFirst, choice)
}

function offerOf(role: 'client' | 'server', isFirst: boolean, choice: AlgorithmChoice = {}): KexInit {
  const only = (names: readonly string[], chosen: readonly string[] | undefined) =>
    chosen ? chosen.filter((name) => names.includes(name)) : names
  const kexNames = only(
    KEX_ALGORITHMS.map((algorithm) => algorithm.name),
    choice.kex,
  )
  const markers = [...(role === 'client' ? [EXT_INFO_CLIENT] : []), STRICT[role]]
  const ciphers = only(
    CIPHERS.map((cipher) => cipher.name),
    choice.ciphers,
  )
  const macs = only(
    MAC_ALGORITHMS.map((mac) => mac.name),
    choice.macs,
  )
  return {
    kex: isFirst ? [...kexNames, ...markers] : kexNames,
    hostKeys: role === 'client' ? HOST_KEY_ALGORITHMS : ['ecdsa-sha2-nistp256'],
    ciphersToServer: ciphers,
    ciphersToClient: ciphers,
    macsToServer: macs,
    macsToClient: macs,
    compressionToServer: ['none'],
    compressionToClient: ['none'],
    firstPacketFollows: false,
  }
}

/** The same for every connection, and never changed. */
const WHOLE_OFFERS = {
  client: { first: offerOf('client', true), later: offerOf('client', false) },
  server: { first: offerOf('server', true), later: offerOf('server', false) },
}

export interface DirectionAlgorithms {
  readonly cipher: CipherAlgorithm
  readonly mac: MacAlgorithm | undefined
}

/** What both sides will use. */
export interface Agreement {
  readonly kex: KexAlgorithm
  readonly hostKey: string
  readonly toServer: DirectionAlgorithms
  readonly toClient: DirectionAlgorithms
  /** Both sides offered strict key exchange. */
  readonly strict: boolean
  /** The client wants SSH_MSG_EXT_INFO. */
  readonly clientWantsExtInfo: boolean
  /** The side that sends a guessed packet guessed wrong: its next packet is to be thrown away. */
  readonly guessIsWrong: boolean
}

/** The client's first choice that the server also knows, slot by slot (RFC 4253 section 7.1). */
export function negotiate(client: KexInit, server: KexInit): Agreement {
  const kexName = pick('key exchange', client.kex, server.kex)
  const hostKey = pick('host key', client.hostKeys, server.hostKeys)
  const kex = KEX_ALGORITHMS.find((algorithm) => algorithm.name === kexName)
  if (!kex) throw noAgreement('key exchange', client.kex, server.kex)
  pick('compression', client.compressionToServer, server.compressionToServer)
  pick('compression', client.compressionToClient, server.compressionToClient)
  return {
    kex,
    hostKey,
    toServer: direction(client.ciphersToServer, server.ciphersToServer, client.macsToServer, server.macsToServer),
    toClient: direction(client.ciphersToClient, server.ciphersToClient, client.macsToClient, server.macsToClient),
    strict: client.kex.includes(STRICT.client) && server.kex.includes(STRICT.server),
    clientWantsExtInfo: client.kex.includes(EXT_INFO_CLIENT),
    guessIsWrong: client.kex[0] !== server.kex[0] || client.hostKeys[0] !== server.hostKeys[0],
  }
}

function direction(
  clientCiphers: readonly string[],
  serverCiphers: readonly string[],
  clientMacs: readonly string[],
  serverMacs: readonly string[],
): DirectionAlgorithms {
  const name = pick('cipher', clientCiphers, serverCiphers)
  const cipher = CIPHERS.find((candidate) => candidate.name === name)
  if (!cipher) throw noAgreement('cipher', clientCiphers, serverCiphers)
  if (cipher.isAead) return { cipher, mac: undefined }
  const macName = pick('MAC', clientMacs, serverMacs)
  return { cipher, mac: MAC_ALGORITHMS.find((candidate) => candidate.name === macName) }
}

function pick(slot: string, client: readonly string[], server: readonly string[]): string {
  const found = client.find((name) => server.includes(name))
  if (found === undefined) throw noAgreement(slot, client, server)
  return found
}

const noAgreement = (slot: string, client: readonly string[], server: readonly string[]): TransportError => {
  // The peer's names are anything it likes: only what is printable gets into an error.
  const shown = (names: readonly string[]) =>
    names
      .join(',')
      .slice(0, 200)
      .replace(/[^\x20-\x7e]/g, '?')
  return new TransportError('handshake-failed', `no common ${slot}: client ${shown(client)}; server ${shown(server)}`)
}

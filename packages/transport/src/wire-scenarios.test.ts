import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLogger } from '@rport/kit'
import { describe, expect, test } from 'vitest'
import { acceptLink } from './accept.ts'
import type { Channel, ChannelOpen } from './channel.ts'
import type { Connection, RequestReply } from './connection.ts'
import { loginOverLink } from './dial.ts'
import { encodeChannelClose } from './ssh/messages/channel-flow.ts'
import { decodeChannelOpen, encodeChannelConfirmation, encodeChannelOpen } from './ssh/messages/channel-open.ts'
import { decodeGlobalRequest, encodeGlobalRequest, encodeRequestReply } from './ssh/messages/global-request.ts'
import { MSG } from './ssh/messages/numbers.ts'
import {
  decodeAuthRequest,
  encodeAuthFailure,
  encodeAuthRequest,
  encodeAuthSuccess,
  encodeServiceAccept,
  encodeServiceRequest,
} from './ssh/messages/userauth.ts'
import { createMemoryPair, type MemoryLink, RawPeer, TEST_HOST_KEY } from './testing/index.ts'
import { ByteWriter } from './wire/byte-writer.ts'
import { encodeUpgrade } from './ws/upgrade-client.ts'

/** Sessions of the original's programs, message by message, as a relay between them wrote them down. */
const RECORDINGS = join(import.meta.dirname, '../../../tests/compat/recordings/wire')

interface Recorded {
  readonly dir: 'agent->server' | 'server->agent'
  readonly kind: string
  readonly conn?: number
  readonly ch?: string
  readonly name?: string
  readonly user?: string
  readonly password?: string
  readonly headers?: Record<string, string>
  readonly wantReply?: boolean
  readonly ok?: boolean
  readonly payload?: unknown
  readonly payloadText?: string
  readonly text?: string
}

const SCENARIOS = [
  'agent-stops',
  'check-port-closed',
  'connect',
  'ping-agent',
  'ping-server',
  'reconnect',
  'reconnect-restores-tunnels',
  'refused-already-connected',
  'refused-auth',
  'refused-remote',
  'restricted-agent',
  'static-remote',
  'tunnel-tcp',
  'tunnel-tcp-client-closes',
  'tunnel-tcp-target-closed',
  'unknown-request',
  'wrong-fingerprint',
]

const TERMS = { window: 2_097_152, maxPacketBytes: 32_768 }
const inTime = { timeoutMs: 30_000 }

function recording(name: string): readonly Recorded[] {
  const { messages } = JSON.parse(readFileSync(join(RECORDINGS, `${name}.json`), 'utf8')) as { messages: Recorded[] }
  return messages
}

/** `""` is an empty payload, `null` the JSON text; what is no JSON comes as text. */
function payloadOf({ payload, payloadText }: Recorded): Buffer {
  if (payloadText !== undefined) return Buffer.from(payloadText)
  return payload === '' || payload === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(payload))
}

/** Waits in line for what the engine hands to its owner. */
class Inbox<T> {
  readonly #items: T[] = []
  readonly #waiting: ((item: T) => void)[] = []

  put(item: T): void {
    const first = this.#waiting.shift()
    if (first) first(item)
    else this.#items.push(item)
  }

  take(): Promise<T> {
    const item = this.#items.shift()
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item)
  }
}

interface Question {
  readonly name: string
  readonly payload: Buffer
  readonly wantReply: boolean
  readonly answer: (reply: RequestReply) => void
}

/** One connection of a scenario: our engine in one role, owner and peer scripted from the recording. */
class Stage {
  readonly #ours: Recorded['dir']
  readonly #messages: readonly Recorded[]
  #peer: RawPeer | undefined
  #peerLink: MemoryLink | undefined
  #engine: Connection | undefined
  #closed = false
  readonly #questions = new Inbox<Question>()
  readonly #opens = new Inbox<ChannelOpen>()
  /** Our unanswered requests, and the peer's, in order. */
  readonly #asked: Promise<RequestReply>[] = []
  readonly #pending: Question[] = []
  readonly #channels = new Map<
    string,
    { channel?: Promise<Channel>; open?: ChannelOpen; localId: number; got: string[]; isOver: boolean }
  >()

  constructor(role: 'agent' | 'server', messages: readonly Recorded[]) {
    this.#ours = role === 'agent' ? 'agent->server' : 'server->agent'
    this.#messages = messages
  }

  async play(): Promise<void> {
    const first = this.#messages.findIndex(
      (message) => message.kind === 'global-request' || message.kind.startsWith('channel'),
    )
    const handshake = first < 0 ? this.#messages : this.#messages.slice(0, first)
    const isOpen = await this.#shakeHands(handshake)
    for (const message of this.#messages.slice(isOpen ? handshake.length : this.#messages.length)) {
      if (message.dir === this.#ours) await this.#weSay(message)
      else await this.#theySay(message)
    }
    for (let turn = 0; turn < 5; turn += 1) await nextTurn()
    expect(this.#peer?.waiting).toBe(0)
    this.#engine?.close()
  }

  /** @returns whether login succeeded and the rest of the messages can be played */
  async #shakeHands(handshake: readonly Recorded[]): Promise<boolean> {
    const of = (kind: string, name?: string) =>
      handshake.find((message) => message.kind === kind && (name === undefined || message.name === name))
    const isRefused = of('auth-reply', 'password')?.ok === false
    const isUnknownKey =
      handshake.length > 0 && of('closed') !== undefined && !isRefused && of('ssh-ident') !== undefined
    const { user = 'wire-cred', password = 'wire-pw-1' } = of('auth', 'password') ?? {}
    const [serverLink, agentLink] = createMemoryPair()
    this.#peerLink = this.#ours === 'agent->server' ? serverLink : agentLink
    if (this.#ours === 'agent->server') {
      this.#compareUpgrade(of('http-upgrade')?.headers)
      const login = loginOverLink(agentLink, {
        fingerprint: isUnknownKey ? '00:00' : TEST_HOST_KEY.fingerprint.slice(0, 8),
        clientAuthId: user,
        password,
        log: silentLogger,
      })
      login.catch(() => undefined)
      const peer = new RawPeer(serverLink, { role: { name: 'server', hostKey: TEST_HOST_KEY } })
      this.#peer = peer
      if (isUnknownKey) {
        await expect(login).rejects.toMatchObject({ code: 'fingerprint-mismatch' })
        await peer.ended
        expect(peer.waiting).toBe(0)
        return false
      }
      await peer.next(MSG.SERVICE_REQUEST)
      peer.send(encodeServiceAccept('ssh-userauth'))
      expect(decodeAuthRequest(await peer.next())).toMatchObject({ method: 'none', user })
      peer.send(encodeAuthFailure(['password']))
      expect(decodeAuthRequest(await peer.next())).toMatchObject({ method: 'password', user, password })
      peer.send(isRefused ? encodeAuthFailure(['password']) : encodeAuthSuccess())
      expect(peer.layer.peerIdent).toBe(of('ssh-ident', 'SSH-rport-v1-client')?.name ?? 'SSH-rport-v1-client')
      if (isRefused) {
        await expect(login).rejects.toMatchObject({ code: 'auth-refused' })
        await peer.ended
        return false
      }
      this.#serve(await login)
    } else {
      const accepted = acceptLink(serverLink, {
        hostKey: TEST_HOST_KEY,
        verifyPassword: async (name, secret) => name === user && secret === 'wire-pw-1',
        log: silentLogger,
      })
      accepted.catch(() => undefined)
      const refuseKey = () => {
        if (isUnknownKey) throw new Error('invalid fingerprint')
      }
      const peer = new RawPeer(agentLink, { role: { name: 'client', acceptHostKey: refuseKey } })
      this.#peer = peer
      if (isUnknownKey) {
        await peer.ended
        agentLink.destroy()
        await expect(accepted).rejects.toThrow()
        return false
      }
      await peer.ready
      expect(peer.layer.peerIdent).toBe(of('ssh-ident', 'SSH-rport-v1-server')?.name ?? 'SSH-rport-v1-server')
      peer.send(encodeServiceRequest('ssh-userauth'), encodeAuthRequest(user, undefined))
      await peer.next(MSG.SERVICE_ACCEPT)
      expect((await peer.next()).equals(encodeAuthFailure(['password']))).toBe(true)
      peer.send(encodeAuthRequest(user, password))
      if (isRefused) {
        expect((await peer.next()).equals(encodeAuthFailure(['password']))).toBe(true)
        agentLink.destroy()
        await expect(accepted).rejects.toThrow()
        return false
      }
      expect((await peer.next()).equals(encodeAuthSuccess())).toBe(true)
      this.#serve(await accepted)
    }
    return true
  }

  #compareUpgrade(headers: Record<string, string> | undefined): void {
    if (!headers) return
    const { text } = encodeUpgrade({ path: '/', host: 'x', headers: { 'User-Agent': 'rport 2.1.0' } })
    const ours = Array.from(text.matchAll(/^([\w-]+): (.*)\r$/gm), ([, name, value]) => [name?.toLowerCase(), value])
    const sent = new Map(ours as [string, string][])
    for (const [name, value] of Object.entries(headers)) {
      if (value.includes('<')) expect(sent.has(name.toLowerCase())).toBe(true)
      else expect(sent.get(name.toLowerCase())).toBe(value)
    }
    expect([...sent.keys()].filter((name) => name !== 'host').length).toBe(Object.keys(headers).length)
  }

  #serve(engine: Connection): void {
    this.#engine = engine
    engine.serve({
      onRequest: (name, payload, wantReply) =>
        new Promise((answer) => this.#questions.put({ name, payload, wantReply, answer })),
      onChannel: (open) => this.#opens.put(open),
    })
  }

  /** Our owner does it; the peer sees exactly that on the wire. */
  async #weSay(message: Recorded): Promise<void> {
    const peer = this.#peer as RawPeer
    const engine = this.#engine as Connection
    const payload = payloadOf(message)
    const name = message.name ?? ''
    switch (message.kind) {
      case 'global-request': {
        if (message.wantReply) this.#asked.push(engine.request(name, payload, inTime))
        else engine.notify(name, payload)
        const seen = decodeGlobalRequest(await peer.next())
        expect(seen).toEqual({ name, wantReply: message.wantReply, payload })
        return
      }
      case 'reply':
        this.#pending.shift()?.answer({ ok: message.ok ?? false, payload })
        expect((await peer.next()).equals(encodeRequestReply(message.ok ?? false, payload))).toBe(true)
        return
      case 'channel-open': {
        const channel = engine.openChannel(name, payload, inTime)
        channel.catch(() => undefined)
        const seen = decodeChannelOpen(await peer.next())
        expect(seen).toEqual({ type: name, data: payload, senderId: seen.senderId, ...TERMS })
        this.#channels.set(message.ch ?? '', { channel, localId: seen.senderId, got: [], isOver: false })
        return
      }
      case 'channel-open-confirm': {
        const entry = this.#entry(message)
        const channel = entry.open?.accept() as Channel
        this.#listen(channel, entry)
        entry.channel = Promise.resolve(channel)
        const confirmation = await peer.next()
        expect([confirmation[0], confirmation.readUInt32BE(1)]).toEqual([MSG.CHANNEL_OPEN_CONFIRMATION, 700])
        entry.localId = confirmation.readUInt32BE(5)
        return
      }
      case 'channel-data':
        ;(await this.#entry(message).channel)?.send(Buffer.from(message.text ?? ''))
        expect((await peer.next()).equals(dataMessage(700, message.text ?? ''))).toBe(true)
        return
      case 'channel-close': {
        // Without an end message before it; and by itself, when the peer has closed.
        ;(await this.#entry(message).channel)?.close()
        expect((await peer.next()).equals(encodeChannelClose(700))).toBe(true)
        return
      }
      case 'closed':
        engine.close()
        await peer.ended
        this.#closed = true
        return
      default:
        throw new Error(`${message.kind} is not played`)
    }
  }

  /** The peer says it; our owner is told exactly that. */
  async #theySay(message: Recorded): Promise<void> {
    const peer = this.#peer as RawPeer
    const payload = payloadOf(message)
    const name = message.name ?? ''
    switch (message.kind) {
      case 'global-request': {
        peer.send(encodeGlobalRequest(name, message.wantReply ?? false, payload))
        const question = await this.#questions.take()
        expect(question).toMatchObject({ name, wantReply: message.wantReply })
        expect(question.payload.equals(payload)).toBe(true)
        if (message.wantReply) this.#pending.push(question)
        return
      }
      case 'reply':
        peer.send(encodeRequestReply(message.ok ?? false, payload))
        expect(await this.#asked.shift()).toEqual({ ok: message.ok, payload })
        return
      case 'channel-open': {
        peer.send(encodeChannelOpen({ type: name, senderId: 700, ...TERMS, data: payload }))
        const open = await this.#opens.take()
        expect([open.type, open.data.equals(payload)]).toEqual([name, true])
        this.#channels.set(message.ch ?? '', { open, localId: 0, got: [], isOver: false })
        return
      }
      case 'channel-open-confirm': {
        const entry = this.#entry(message)
        peer.send(encodeChannelConfirmation(entry.localId, { senderId: 700, ...TERMS }))
        this.#listen((await entry.channel) as Channel, entry)
        return
      }
      case 'channel-data': {
        const entry = this.#entry(message)
        entry.got.length = 0
        peer.send(dataMessage(entry.localId, message.text ?? ''))
        while (entry.got.join('').length < (message.text ?? '').length) await nextTurn()
        expect(entry.got.join('')).toBe(message.text)
        return
      }
      case 'channel-close': {
        const entry = this.#entry(message)
        peer.send(encodeChannelClose(entry.localId))
        while (!entry.isOver) await nextTurn()
        return
      }
      case 'closed':
        if (!this.#closed) {
          this.#peerLink?.destroy()
          expect(await this.#engine?.closed).toMatchObject({ code: 'peer' })
        }
        this.#closed = true
        return
      default:
        throw new Error(`${message.kind} is not played`)
    }
  }

  #listen(channel: Channel, entry: { got: string[]; isOver: boolean }): void {
    channel.onData = (bytes) => {
      entry.got.push(bytes.toString())
      channel.consumed(bytes.length)
    }
    channel.onClose = () => {
      entry.isOver = true
    }
  }

  #entry(message: Recorded) {
    const entry = this.#channels.get(message.ch ?? '')
    if (!entry) throw new Error(`no channel ${message.ch}`)
    return entry
  }
}

const dataMessage = (recipientId: number, text: string) =>
  new ByteWriter().byte(MSG.CHANNEL_DATA).uint32(recipientId).string(text).finish()

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe.each(['agent', 'server'] as const)('as recorded between the original programs, our %s plays', (role) => {
  test.each(SCENARIOS)('%s', async (name) => {
    const messages = recording(name)
    expect(messages.length).toBeGreaterThan(0)
    for (const conn of new Set(messages.map((message) => message.conn))) {
      await new Stage(
        role,
        messages.filter((message) => message.conn === conn),
      ).play()
    }
  })
})

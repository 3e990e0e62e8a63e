import { describe, expect, test } from 'vitest'
import type { KexInit } from '../messages/kexinit.ts'
import { negotiate, ourOffer } from './negotiate.ts'

/** What Go agents and servers offer (wire-protocol 2.2). */
const GO_KEX = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group14-sha1',
]
const GO_CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
]
const GO_MACS = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
  'hmac-sha1',
  'hmac-sha1-96',
]
const goOffer = (role: 'client' | 'server'): KexInit => ({
  kex: role === 'client' ? [...GO_KEX, 'ext-info-c'] : GO_KEX,
  hostKeys:
    role === 'client' ? ['ssh-rsa-cert-v01@openssh.com', 'ecdsa-sha2-nistp256', 'ssh-rsa'] : ['ecdsa-sha2-nistp256'],
  ciphersToServer: GO_CIPHERS,
  ciphersToClient: GO_CIPHERS,
  macsToServer: GO_MACS,
  macsToClient: GO_MACS,
  compressionToServer: ['none'],
  compressionToClient: ['none'],
  firstPacketFollows: false,
})
const client = ourOffer('client', true)
const server = ourOffer('server', true)

describe('our offer', () => {
  test('contains all that peers in the field know, and the markers of the first exchange', () => {
    expect(client.kex).toEqual(expect.arrayContaining([...GO_KEX, 'ext-info-c', 'kex-strict-c-v00@openssh.com']))
    expect(server.kex).toEqual(expect.arrayContaining([...GO_KEX, 'kex-strict-s-v00@openssh.com']))
    expect(server.kex).not.toContain('ext-info-c')
    expect(client.ciphersToServer).toEqual(GO_CIPHERS)
    expect(client.macsToClient).toEqual(GO_MACS)
    expect(server.hostKeys).toEqual(['ecdsa-sha2-nistp256'])
  })

  test('of a later exchange has no markers', () => {
    for (const role of ['client', 'server'] as const) {
      expect(ourOffer(role, false).kex.filter((name) => /strict|ext-info/.test(name))).toEqual([])
    }
  })

  test('has no algorithm by which a server with SHA-1 signatures could identify', () => {
    expect(client.hostKeys).not.toContain('ssh-rsa')
    expect(client.hostKeys).not.toContain('ssh-dss')
  })
})

describe('agreement', () => {
  test('with ourselves is strict and takes the best of everything', () => {
    const agreed = negotiate(client, server)
    expect([agreed.kex.name, agreed.strict, agreed.clientWantsExtInfo]).toEqual(['mlkem768x25519-sha256', true, true])
    expect(agreed.toServer.cipher.name).toBe('aes128-gcm@openssh.com')
    expect(agreed.toServer.mac).toBeUndefined()
  })

  test.each([
    ['a Go agent', goOffer('client'), server],
    ['a Go server', client, goOffer('server')],
  ])('with %s is what Go peers reach among themselves, without strictness', (_who, offering, answering) => {
    const agreed = negotiate(offering, answering)
    expect([agreed.kex.name, agreed.hostKey, agreed.strict]).toEqual([
      'curve25519-sha256',
      'ecdsa-sha2-nistp256',
      false,
    ])
    expect([agreed.toServer.cipher.name, agreed.toClient.cipher.name]).toEqual(Array(2).fill('aes128-gcm@openssh.com'))
  })

  test("follows the client's order, slot by slot and direction by direction", () => {
    const wish: KexInit = {
      ...client,
      kex: ['unknown', 'ecdh-sha2-nistp521', 'curve25519-sha256'],
      ciphersToServer: ['aes256-ctr', 'aes128-gcm@openssh.com'],
      macsToServer: ['hmac-sha1-96', 'hmac-sha2-256'],
      ciphersToClient: ['chacha20-poly1305@openssh.com'],
    }
    const agreed = negotiate(wish, server)
    expect(agreed.kex.name).toBe('ecdh-sha2-nistp521')
    expect([agreed.toServer.cipher.name, agreed.toServer.mac?.name]).toEqual(['aes256-ctr', 'hmac-sha1-96'])
    expect(agreed.toClient.cipher.name).toBe('chacha20-poly1305@openssh.com')
  })

  test('is strict only when both say so', () => {
    const plain = { ...client, kex: client.kex.filter((name) => !name.startsWith('kex-strict')) }
    expect(negotiate(plain, server).strict).toBe(false)
    expect(negotiate(client, goOffer('server')).strict).toBe(false)
  })

  test("does not take the other role's marker for strictness", () => {
    const confused = { ...client, kex: [...GO_KEX, 'kex-strict-s-v00@openssh.com'] }
    expect(negotiate(confused, server).strict).toBe(false)
  })

  test('knows a guess that was wrong', () => {
    expect(negotiate({ ...client, kex: server.kex, hostKeys: server.hostKeys }, server).guessIsWrong).toBe(false)
    expect(negotiate({ ...client, kex: ['ecdh-sha2-nistp256'] }, server).guessIsWrong).toBe(true)
    expect(
      negotiate({ ...client, kex: server.kex, hostKeys: ['ssh-ed25519', 'ecdsa-sha2-nistp256'] }, server).guessIsWrong,
    ).toBe(true)
  })

  test.each([
    ['key exchange', { kex: ['diffie-hellman-group1-sha1'] }],
    ['host key', { hostKeys: ['ssh-dss'] }],
    ['cipher', { ciphersToServer: ['3des-cbc'] }],
    ['cipher', { ciphersToClient: ['arcfour'] }],
    ['MAC', { ciphersToServer: ['aes128-ctr'], macsToServer: ['hmac-md5'] }],
    ['compression', { compressionToClient: ['zlib'] }],
  ])('fails without a common %s, and says what was offered', (slot, offer) => {
    const names = Object.values(offer).at(-1)?.[0]
    expect(() => negotiate({ ...client, ...offer }, server)).toThrow(`no common ${slot}: client ${names}`)
  })

  test('cannot be had by the names of the markers themselves', () => {
    const markers = ['ext-info-c', 'kex-strict-c-v00@openssh.com', 'kex-strict-s-v00@openssh.com']
    expect(() => negotiate({ ...client, kex: markers }, { ...server, kex: markers })).toThrow('no common key exchange')
  })

  test('an error shows nothing that a terminal would obey', () => {
    const hostile = { ...client, kex: ['\x1b[2J\x07\xff'] }
    expect(() => negotiate(hostile, server)).toThrow('client ?[2J??;')
  })
})

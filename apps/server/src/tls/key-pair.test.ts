import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { toKeyPair } from './key-pair.ts'
import { makeCertificate, type TestCertificate } from './testing/make-certificate.ts'

let own: TestCertificate
let other: TestCertificate
beforeAll(async () => {
  own = await makeCertificate({ name: 'rport.example.com', validToAt: Date.UTC(2040, 0, 1) })
  other = await makeCertificate()
})

test('a fitting pair is taken, with what it says about itself', () => {
  expect(toKeyPair(own.certificate, own.key)).toMatchObject({
    names: 'DNS:rport.example.com, IP Address:127.0.0.1',
    validToAt: Date.UTC(2040, 0, 1),
  })
})

test('intermediate certificates may follow', () => {
  expect(toKeyPair(own.certificate + other.certificate, own.key).certificate).toContain(other.certificate)
})

describe('refused with advice:', () => {
  const encrypted = () =>
    generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
    }).privateKey
  const weak = () =>
    generateKeyPairSync('rsa', {
      modulusLength: 1024,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    }).privateKey

  test.each<[string, () => [string, string], RegExp]>([
    ['a key of another certificate', () => [own.certificate, other.key], /key does not belong to the certificate/],
    ['a chain upside down', () => [other.certificate + own.certificate, own.key], /not the first one in its file/],
    ['swapped files', () => [own.key, own.certificate], /no key: are both files swapped/],
    ['a key instead of a certificate', () => [own.key, own.key], /holds a key but no certificate/],
    ['a key with a passphrase', () => [own.certificate, encrypted()], /passphrase.*openssl pkey/],
    ['a key of another kind', () => [own.certificate, weak()], /does not belong/],
    ['an empty certificate file', () => ['', own.key], /no certificate in PEM form/],
    ['an empty key file', () => [own.certificate, ''], /no key in PEM form/],
    [
      'a damaged certificate',
      () => [own.certificate.replace('CERTIFICATE-----\nMII', 'CERTIFICATE-----\nAAA'), own.key],
      /is damaged/,
    ],
    ['a file cut short', () => [own.certificate.slice(0, 300), own.key], /no certificate in PEM form/],
    ['a whole bundle of authorities', () => [own.certificate.repeat(21), own.key], /holds 21 certificates/],
  ])('%s', (_case, files, message) => {
    expect(() => toKeyPair(...files())).toThrow(message)
  })

  test('whatever the files hold, with an error that shows nothing of the key', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (noise, at) => {
        const cut = at % own.key.length
        const key = own.key.slice(0, cut) + noise + own.key.slice(cut + 1)
        try {
          toKeyPair(own.certificate, key)
        } catch (error) {
          expect(
            own.key
              .split('\n')
              .filter((line) => !line.startsWith('-----') && line !== '' && String(error).includes(line)),
          ).toEqual([])
        }
      }),
      { numRuns: 50 },
    )
  })
})

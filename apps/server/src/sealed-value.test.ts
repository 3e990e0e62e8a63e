import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { deriveKey } from './features/vault/vault-key.ts'
import { seal, unseal, unsealOriginal } from './sealed-value.ts'

const key = createSecretKey(randomBytes(32))

it('opens what it sealed, in the same place', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, place) => {
      expect(unseal(key, seal(key, text, place), place)).toBe(text)
    }),
  )
})

it('never seals the same text to the same value', () => {
  expect(seal(key, 'text', 'place')).not.toBe(seal(key, 'text', 'place'))
})

it('opens nothing with another key, in another place, or without its place', () => {
  const sealed = seal(key, 'text', 'place')
  expect(unseal(createSecretKey(randomBytes(32)), sealed, 'place')).toBeUndefined()
  expect(unseal(key, sealed, 'other')).toBeUndefined()
  expect(unsealOriginal(key, sealed)).toBeUndefined()
})

it('opens nothing that was changed or made up', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = Buffer.from(seal(key, 'some text', 'place'), 'base64')
      const index = at % bytes.length
      bytes[index] = (bytes[index] as number) ^ flip
      expect(unseal(key, bytes.toString('base64'), 'place')).toBeUndefined()
    }),
  )
  fc.assert(fc.property(fc.string(), (text) => unseal(key, text, 'place') === undefined))
})

it('derives no key at any price', async () => {
  const salt = randomBytes(16)
  await expect(deriveKey('x', { salt, memoryKib: 2 ** 21, passes: 1 })).rejects.toThrow('beyond all bounds')
  await expect(deriveKey('x', { salt, memoryKib: 8, passes: 1000 })).rejects.toThrow('beyond all bounds')
})

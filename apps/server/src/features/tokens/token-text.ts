import { createHash, randomInt, randomUUID, timingSafeEqual } from 'node:crypto'

/** The two halves of a token, as the original writes it: `PREFIX_UUID`. */
export interface TokenParts {
  /** Public: finds the row. */
  readonly prefix: string
  /** Secret: proves the token. */
  readonly secret: string
}

export const PREFIX_LENGTH = 8
const PREFIX_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const TOKEN = /^([A-Za-z0-9]{8})_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/

/** Makes a token of 122 random bits. */
export function makeToken(): TokenParts & { readonly text: string } {
  const letters = Array.from({ length: PREFIX_LENGTH }, () => PREFIX_LETTERS[randomInt(PREFIX_LETTERS.length)])
  const prefix = letters.join('')
  const secret = randomUUID()
  return { prefix, secret, text: `${prefix}_${secret}` }
}

/** Reads a token; undefined for a text that is none: a password, most likely. */
export function parseToken(text: string): TokenParts | undefined {
  const [, prefix, secret] = TOKEN.exec(text) ?? []
  return prefix === undefined || secret === undefined ? undefined : { prefix, secret }
}

/** What is stored of the secret half. No salt and no cost: it is random. */
export const hashTokenSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

/** Compares in constant time. */
export function isTokenSecret(secret: string, storedHash: string): boolean {
  const [found, stored] = [Buffer.from(hashTokenSecret(secret)), Buffer.from(storedHash)]
  return found.length === stored.length && timingSafeEqual(found, stored)
}

import { randomInt } from 'node:crypto'

/** No 0 and O, no 1, I and l: what is shown on a screen may have to be typed on another machine. */
const ALPHABET = '23456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ'
/** 24 of 57 characters are 139 bits. */
const LENGTH = 24

/** A password of at least 128 random bits that can be read aloud, typed, and selected by a double click. */
export const randomSecret = (): string =>
  Array.from({ length: LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')

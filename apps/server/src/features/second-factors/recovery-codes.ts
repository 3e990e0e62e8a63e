import { createHash, randomInt } from 'node:crypto'

/** What nobody takes for something else when reading it aloud: Crockford's base 32. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'
const LENGTH = 15
const GROUP = 5
/** How many there are at a time. */
export const RECOVERY_CODES = 10

/** A new code of 75 random bits: `xxxxx-xxxxx-xxxxx`. */
export function newRecoveryCode(): string {
  const text = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)] ?? '').join('')
  return text.match(new RegExp(`.{${GROUP}}`, 'g'))?.join('-') ?? text
}

/** What of a recovery code is stored; undefined when the text cannot be one. Read leniently, as it was written down by hand. */
export function hashOfRecoveryCode(text: string): string | undefined {
  const letters = text.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1')
  if (letters.length !== LENGTH || [...letters].some((letter) => !LETTERS.includes(letter))) return undefined
  return createHash('sha256').update(letters).digest('base64url')
}

import { createSecretKey, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readSecretFile, StartError, writeFileAtomic } from '@rport/host'
import type { Logger } from '@rport/kit'
import { seal, unseal } from '../../sealed-value.ts'
import type { TextSealing } from '../users/index.ts'

const FILE = 'totp_key'
const KEY_BYTES = 32
/** Tells sealed values from otpauth URLs, which are read as well. */
const MARK = 'sealed:'
const PLACE = 'totp secret'

/**
 * Seals secrets of authenticator apps with a key in the data folder, made at the first start: a copy of the database alone
 * gives nobody a code.
 * @throws StartError when the key cannot be one
 */
export async function loadSecretSealing(options: {
  readonly dataDir: string
  readonly log: Logger
}): Promise<TextSealing> {
  const path = join(options.dataDir, FILE)
  const kept = await readSecretFile(path, { log: options.log })
  const hex = kept?.reveal() ?? randomBytes(KEY_BYTES).toString('hex')
  if (!/^[0-9a-f]{64}$/.test(hex)) {
    throw new StartError(`${path}: expected 64 hexadecimal digits; put the file of the backup back`)
  }
  if (!kept) await writeFileAtomic(path, `${hex}\n`, { mode: 0o600 })
  const key = createSecretKey(Buffer.from(hex, 'hex'))
  return {
    seal: (text) => (text === '' ? '' : `${MARK}${seal(key, text, PLACE)}`),
    open(stored) {
      if (!stored.startsWith(MARK)) return stored
      const text = unseal(key, stored.slice(MARK.length), PLACE)
      if (text !== undefined) return text
      throw new Error(`a TOTP secret was sealed with another key than the one in ${path}`)
    },
  }
}

import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign, verify } from 'node:crypto'
import { join } from 'node:path'
import { readSecretFile, StartError, writeFileAtomic } from '@rport/host'
import { errorMessage, type Logger } from '@rport/kit'
import type { ChainEnd } from './audit-chain.ts'
import type { Head } from './auditlog-store.ts'

/** Name of the key that signs the audit log, in the data folder. */
export const AUDIT_KEY_FILE = 'audit_key.pem'

/** The key in the data folder; a new one (Ed25519, mode 0600) when there is none. @throws StartError */
export async function loadAuditKey(options: { readonly dataDir: string; readonly log: Logger }): Promise<KeyObject> {
  const kept = await readAuditKey(options)
  if (kept) return kept
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  await writeFileAtomic(join(options.dataDir, AUDIT_KEY_FILE), pem, { mode: 0o600 })
  return privateKey
}

/** The key in the data folder; undefined when there is none. @throws StartError when the file holds something else */
export async function readAuditKey({
  dataDir,
  log,
}: {
  readonly dataDir: string
  readonly log: Logger
}): Promise<KeyObject | undefined> {
  const path = join(dataDir, AUDIT_KEY_FILE)
  const pem = await readSecretFile(path, { log })
  if (!pem) return undefined
  try {
    const key = createPrivateKey(pem.reveal())
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`found ${key.asymmetricKeyType}, expected Ed25519`)
    return key
  } catch (error) {
    throw new StartError(
      `${path} holds no key that signs the audit log: ${errorMessage(error)}. Restore it from a backup, or move it away to get a new one.`,
    )
  }
}

/** What tells keys apart, for people: the first bytes of the SHA-256 of the public key. */
export const keyFingerprint = (key: KeyObject): string =>
  hash('sha256', createPublicKey(key).export({ type: 'spki', format: 'der' }), 'hex').slice(0, 32)

const messageOf = ({ seq, hash: rowHash, signedAt }: Omit<Head, 'signature'>): Buffer =>
  Buffer.from(`rport audit head 1\n${seq}\n${rowHash}\n${signedAt}`)

/** Signs that the log up to this row was what it is. */
export function signHead(key: KeyObject, end: ChainEnd, signedAt: number): Head {
  const head = { ...end, signedAt }
  return { ...head, signature: sign(null, messageOf(head), key).toString('base64url') }
}

/** Whether the head was signed with this key (its private or public part). */
export const isSignedBy = (key: KeyObject, head: Head): boolean =>
  verify(null, messageOf(head), createPublicKey(key), Buffer.from(head.signature, 'base64url'))

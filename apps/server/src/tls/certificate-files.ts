import { readFile, stat } from 'node:fs/promises'
import { StartError } from '@rport/host'
import { type Clock, errorCode, errorMessage, type Logger, MS_PER_SECOND, type Timer } from '@rport/kit'
import type { Certificates } from './certificates.ts'
import { createExpiryReminder } from './expiry-reminder.ts'
import { type KeyPair, toKeyPair } from './key-pair.ts'

export interface CertificateFilesOptions {
  readonly certFile: string
  readonly keyFile: string
  /** How a message names both settings: `API: invalid 'cert_file', 'key_file'`. */
  readonly complaint: string
  readonly clock: Clock
  readonly log: Logger
}

/** How often the files are looked at; SIGHUP looks at once. */
const LOOK_EVERY_MS = 5 * MS_PER_SECOND
const MAX_BYTES = 1024 * 1024
const READABLE_BY_OTHERS = 0o007

interface Found {
  readonly pair: KeyPair
  readonly version: string
}

/**
 * A certificate and its key from files that another program renews. They are looked at every five seconds: a new pair that
 * fits is taken over; one that does not is logged, and the old pair stays in use.
 * @throws StartError when the files cannot be used; the caller closes what it gets
 */
export async function openCertificateFiles(options: CertificateFilesOptions): Promise<Certificates> {
  const { certFile, keyFile, complaint, clock, log } = options
  const remind = createExpiryReminder({ clock, log })
  const load = async (): Promise<Found> => {
    const version = await versionOf(certFile, keyFile)
    return { pair: toKeyPair(await readText(certFile), await readText(keyFile)), version }
  }

  let inForce: Found
  try {
    inForce = await load()
    await warnOfReadableKey(keyFile, log)
  } catch (error) {
    throw new StartError(`${complaint}: ${errorMessage(error)}. Files: ${certFile}, ${keyFile}`)
  }
  remind(inForce.pair)

  let listener: (pair: KeyPair) => void = () => undefined
  let broken: { readonly version: string; readonly isReported: boolean } | undefined
  let looking: Promise<void> | undefined
  let isClosed = false

  const look = async (isAsked: boolean): Promise<void> => {
    const version = await versionOf(certFile, keyFile).catch((error: unknown) => `unreadable: ${errorMessage(error)}`)
    if (version === inForce.version || (version === broken?.version && broken.isReported && !isAsked)) return
    try {
      const next = await load()
      if (isClosed) return
      inForce = next
      broken = undefined
      log.info({ certFile, names: next.pair.names, validTo: new Date(next.pair.validToAt) }, 'new certificate in use')
      listener(next.pair)
    } catch (error) {
      // Whoever renews writes one file after the other: a pair that does not fit is given until the next look.
      const isReported = isAsked || version === broken?.version
      broken = { version, isReported }
      if (isReported) {
        log.error({ certFile, keyFile, reason: errorMessage(error) }, 'new certificate not taken, the old one stays')
      }
    }
  }
  // One look after the other: a slow disk must not let an older pair overwrite a newer one.
  const lookInTurn = (isAsked: boolean): Promise<void> => {
    looking = (looking ?? Promise.resolve()).then(() => look(isAsked)).then(() => remind(inForce.pair))
    return looking
  }
  const timer: Timer = clock.setInterval(() => void lookInTurn(false), LOOK_EVERY_MS, { background: true })

  return {
    current: () => inForce.pair,
    onChange(next) {
      listener = next
    },
    reload: () => lookInTurn(true),
    async close() {
      isClosed = true
      timer.cancel()
      await looking
    },
  }
}

/** Changes whenever one of the files does. */
async function versionOf(...paths: readonly string[]): Promise<string> {
  const versions: string[] = []
  for (const path of paths) {
    const { ino, size, mtimeMs, ctimeMs } = await named(path, stat(path))
    versions.push(`${ino}:${size}:${mtimeMs}:${ctimeMs}`)
  }
  return versions.join(' ')
}

async function readText(path: string): Promise<string> {
  const { size } = await named(path, stat(path))
  if (size > MAX_BYTES) throw new Error(`${path} has ${size} bytes: ${MAX_BYTES} are allowed`)
  return named(path, readFile(path, 'utf8'))
}

/** What the file system says about a file, in words for an administrator. */
async function named<T>(path: string, result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (error) {
    throw new Error(`cannot read ${path}: ${adviceFor(error)}`)
  }
}

function adviceFor(error: unknown): string {
  const code = errorCode(error)
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'the user that runs rportd may not read it'
  return errorMessage(error)
}

async function warnOfReadableKey(path: string, log: Logger): Promise<void> {
  const { mode } = await stat(path)
  if (process.platform === 'win32' || (mode & READABLE_BY_OTHERS) === 0) return
  log.warn({ path, fix: `chmod o= ${path}` }, 'the key of the certificate can be read by everybody')
}

import {
  backoffDelayMs,
  type Clock,
  errorMessage,
  inTime,
  type Logger,
  MS_PER_HOUR,
  MS_PER_MINUTE,
  type Timer,
} from '@rport/kit'
import type { Certificates } from '../certificates.ts'
import { type KeyPair, toKeyPair } from '../key-pair.ts'
import { makeSelfSigned } from '../self-signed.ts'
import type { AcmeFolder } from './acme-folder.ts'
import type { Authority, Proofs } from './authority.ts'

export interface AcmeCertificatesOptions {
  /** The name that the certificate is for. */
  readonly name: string
  readonly directoryUrl: string
  readonly folder: AcmeFolder
  readonly createAuthority: (accountKey: string) => Authority
  readonly proofs: Proofs
  readonly clock: Clock
  readonly log: Logger
}

/** Certificates that are ordered when they are missing or have a third of their life left. */
export interface AcmeCertificates extends Certificates {
  /** Orders what is missing from now on; the listener must be there, for the authority comes to look. */
  start(): void
}

/** Authorities count failures by the hour; somebody who mends a router wants to see it work soon, though. */
const RETRY = { minMs: 5 * MS_PER_MINUTE, maxMs: 6 * MS_PER_HOUR }
const LOOK_EVERY_MS = MS_PER_HOUR
/** An order that takes longer hangs. */
const ORDER_DEADLINE_MS = 10 * MS_PER_MINUTE
const PLACEHOLDER_LIFE_MS = 30 * 24 * MS_PER_HOUR

/** Loads the kept certificate, or makes one that nobody trusts until there is a real one. Orders nothing before `start`. */
export async function openAcmeCertificates(options: AcmeCertificatesOptions): Promise<AcmeCertificates> {
  const { name, directoryUrl, folder, proofs, clock, log } = options
  const kept = await folder.load(name, directoryUrl)
  let pair = kept ?? (await makePlaceholder(name, clock.now()))
  let isReal = kept !== undefined
  let failures = 0
  let listener: (pair: KeyPair) => void = () => undefined
  let timer: Timer | undefined
  let ordering: Promise<void> | undefined
  let isStarted = false
  let isClosed = false

  const isDue = () => !isReal || clock.now() >= pair.validToAt - (pair.validToAt - pair.validFromAt) / 3
  const lookIn = (delayMs: number) => {
    timer?.cancel()
    if (!isClosed) timer = clock.setTimeout(() => void orderIfDue(), delayMs, { background: true })
  }

  const order = async () => {
    log.info({ name, directoryUrl, proof: proofs.kind }, 'requesting a certificate')
    try {
      const authority = options.createAuthority(await folder.accountKey())
      const obtained = await inTime(authority.obtain(name, proofs), {
        timeoutMs: ORDER_DEADLINE_MS,
        clock,
        late: () => new Error('the authority did not finish in 10 minutes'),
        background: true,
      })
      const next = toKeyPair(obtained.certificate, obtained.key)
      await folder.save(name, directoryUrl, obtained)
      if (isClosed) return
      pair = next
      isReal = true
      failures = 0
      log.info({ name, validTo: new Date(next.validToAt) }, 'new certificate in use')
      listener(next)
      lookIn(LOOK_EVERY_MS)
    } catch (error) {
      if (isClosed) return
      const retryMs = backoffDelayMs(failures, RETRY)
      failures += 1
      const facts = { name, reason: errorMessage(error), retryMinutes: Math.round(retryMs / MS_PER_MINUTE) }
      if (isReal) log.warn(facts, 'certificate could not be renewed, the old one stays')
      else log.error(facts, 'no certificate could be had: callers cannot trust this server yet')
      lookIn(retryMs)
    }
  }
  const orderIfDue = (): Promise<void> => {
    if (isClosed || !isStarted) return Promise.resolve()
    if (!isDue()) {
      lookIn(LOOK_EVERY_MS)
      return Promise.resolve()
    }
    ordering ??= order().finally(() => {
      ordering = undefined
    })
    return ordering
  }

  return {
    current: () => pair,
    onChange(next) {
      listener = next
    },
    start() {
      isStarted = true
      void orderIfDue()
    },
    // Somebody who has mended what was wrong does not want to wait for the next try.
    reload: orderIfDue,
    async close() {
      isClosed = true
      timer?.cancel()
    },
  }
}

async function makePlaceholder(name: string, now: number): Promise<KeyPair> {
  const made = await makeSelfSigned({ name, validFromAt: now, validToAt: now + PLACEHOLDER_LIFE_MS })
  return toKeyPair(made.certificate, made.key)
}

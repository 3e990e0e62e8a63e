import { join } from 'node:path'
import type { Server } from 'node:tls'
import type { Clock, Logger } from '@rport/kit'
import type { Certificates } from '../certificates.ts'
import { openAcmeCertificates } from './acme-certificates.ts'
import { createAcmeFolder } from './acme-folder.ts'
import { answerAlpnProofs } from './alpn-proof.ts'
import { createAuthority } from './authority.ts'
import { createChallengeListener } from './challenge-listener.ts'
import { createPendingProofs } from './pending-proofs.ts'

export interface AcmeOptions {
  /** The name that the certificate is for. */
  readonly name: string
  readonly directoryUrl: string
  /** Port of http-01, reachable as port 80 from the authority; 0: tls-alpn-01 on the TLS listener, reachable as 443. */
  readonly httpPort: number
  /** Where callers of `httpPort` are sent that are no authority: `https://rport.example.com`. */
  readonly redirectTo: string
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Logger
}

/** A certificate that orders and renews itself. */
export interface Acme extends Certificates {
  /** Lets the TLS listener prove the name; before it listens. */
  prepare(server: Server): void
  /** Begins to order, once the TLS listener listens. @throws StartError when `httpPort` cannot be had */
  start(): Promise<void>
}

/** Account and certificates lie in `<dataDir>/acme`. The caller closes it. */
export async function openAcme(options: AcmeOptions): Promise<Acme> {
  const { name, directoryUrl, httpPort, redirectTo, dataDir, clock, log } = options
  const proofs = createPendingProofs(httpPort > 0 ? 'http-01' : 'tls-alpn-01')
  const listener = httpPort > 0 ? createChallengeListener({ proofs, redirectTo, log }) : undefined
  const certificates = await openAcmeCertificates({
    name,
    directoryUrl,
    folder: createAcmeFolder({ path: join(dataDir, 'acme'), log }),
    createAuthority: (accountKey) => createAuthority({ directoryUrl, accountKey }),
    proofs,
    clock,
    log,
  })
  return {
    current: certificates.current,
    onChange: certificates.onChange,
    reload: certificates.reload,
    prepare(server) {
      if (!listener) answerAlpnProofs(server, { proofs, clock })
    },
    async start() {
      await listener?.start(httpPort)
      certificates.start()
    },
    async close() {
      await certificates.close()
      await listener?.close()
    },
  }
}

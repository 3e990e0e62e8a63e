import type { Clock, Logger } from '@rport/kit'
import type { ApiTlsConfig } from './config/index.ts'
import type { HttpTls } from './http/index.ts'
import { openAcme, openCertificateFiles } from './tls/index.ts'

/** Where the API has its certificate from. */
export interface ApiCertificates {
  /** For the API's listener. */
  readonly tls: HttpTls
  /** Begins what needs the listener to be there. @throws StartError */
  start(): Promise<void>
  /** Looks for a new certificate at once. Never rejects. */
  reload(): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}

/** Opens what the settings name. The caller closes it. @throws StartError when the files cannot be used */
export async function openApiCertificates(
  config: ApiTlsConfig,
  deps: { readonly dataDir: string; readonly clock: Clock; readonly log: Logger },
): Promise<ApiCertificates> {
  const { minVersion, source } = config
  const { dataDir, clock } = deps
  const log = deps.log.child({ area: 'api' })
  if (source.kind === 'files') {
    const complaint = "API: invalid 'cert_file', 'key_file'"
    const certificates = await openCertificateFiles({ ...source, complaint, clock, log })
    const { reload, close } = certificates
    return { tls: { minVersion, certificates }, start: () => Promise.resolve(), reload, close }
  }
  const acme = await openAcme({ ...source, dataDir, clock, log })
  const { prepare, start, reload, close } = acme
  return { tls: { minVersion, certificates: acme, prepare }, start, reload, close }
}

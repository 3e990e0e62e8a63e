import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'

const OPENSSL = '/usr/bin/openssl'

/** Why stories about certificates are left out on this machine; undefined when they are told. */
export const opensslMissing = existsSync(OPENSSL) ? undefined : 'no openssl on this machine (Debian: openssl)'

/** A self-signed certificate and its key, as files. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

/**
 * Makes a certificate for `name` and 127.0.0.1 with OpenSSL and puts it where `server.crt` and `server.key` of the folder
 * are, as a renewal does: whole files replace the old ones, one after the other.
 */
export async function putCertificate(folder: string, name: string): Promise<CertificateFiles> {
  const fresh = (file: string) => join(folder, `fresh-${file}`)
  execFileSync(
    OPENSSL,
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30']
      .concat('-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`)
      .concat('-keyout', fresh('server.key'), '-out', fresh('server.crt')),
    { stdio: 'ignore' },
  )
  const files = { certFile: join(folder, 'server.crt'), keyFile: join(folder, 'server.key') }
  await rename(fresh('server.crt'), files.certFile)
  await rename(fresh('server.key'), files.keyFile)
  return files
}

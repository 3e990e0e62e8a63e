import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Scope } from '../scope.ts'

/** A company's own certificate authority. */
export interface Authority {
  /** Its certificate, PEM: what those who trust it are given. */
  readonly caFile: string
  /** Signs a certificate for a DNS name. */
  issue(name: string): { readonly certFile: string; readonly keyFile: string }
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30']
const OPENSSL = '/usr/bin/openssl'
const openssl = (...args: string[]) => execFileSync(OPENSSL, args, { stdio: ['ignore', 'ignore', 'pipe'] })

/** Makes an authority with OpenSSL in a folder of its own; the scope removes it. */
export async function createAuthority(scope: Scope): Promise<Authority> {
  const folder = await scope.folder('authority')
  const file = (name: string) => join(folder, name)
  const caFile = file('ca.crt')
  const caKey = file('ca.key')
  openssl('req', '-x509', ...KEY, '-subj', '/CN=Test Company', '-keyout', caKey, '-out', caFile)
  return {
    caFile,
    issue(name) {
      const files = { certFile: file(`${name}.crt`), keyFile: file(`${name}.key`) }
      const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
      const isNoAuthority = ['-addext', 'basicConstraints=critical,CA:FALSE']
      openssl(
        ...['req', '-x509', '-CA', caFile, '-CAkey', caKey, ...KEY, ...subject, ...isNoAuthority],
        ...['-keyout', files.keyFile, '-out', files.certFile],
      )
      return files
    },
  }
}

import { webcrypto } from 'node:crypto'
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 24 * 3_600_000

export interface TestCertificate {
  /** PEM */
  readonly certificate: string
  /** PEM, PKCS #8 */
  readonly key: string
}

/** A self-signed certificate for `localhost` and 127.0.0.1, good for 30 days around now unless told otherwise. */
export async function makeCertificate(
  options: { name?: string; validFromAt?: number; validToAt?: number } = {},
): Promise<TestCertificate> {
  const { name = 'localhost', validFromAt = Date.now() - DAY_MS, validToAt = Date.now() + 30 * DAY_MS } = options
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: '01',
      name: `CN=${name}`,
      notBefore: new Date(validFromAt),
      notAfter: new Date(validToAt),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new SubjectAlternativeNameExtension([
          { type: 'dns', value: name },
          { type: 'ip', value: '127.0.0.1' },
        ]),
      ],
    },
    webcrypto as unknown as Crypto,
  )
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const lines = pkcs8.match(/.{1,64}/g) ?? []
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n'),
  }
}

import { webcrypto } from 'node:crypto'
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

export interface SelfSignedOptions {
  readonly name: string
  /** Further names are addresses. */
  readonly addresses?: readonly string[]
  readonly validFromAt: number
  readonly validToAt: number
}

/** Makes a certificate that nobody trusts, and its key: what a listener shows until it has a real one. Both are PEM. */
export async function makeSelfSigned(options: SelfSignedOptions): Promise<{ certificate: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const names = [{ type: 'dns' as const, value: options.name }]
  const addresses = (options.addresses ?? []).map((value) => ({ type: 'ip' as const, value }))
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: '01',
      name: [{ CN: [options.name] }],
      notBefore: new Date(options.validFromAt),
      notAfter: new Date(options.validToAt),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [new SubjectAlternativeNameExtension([...names, ...addresses])],
    },
    // The runtime's Web Crypto is the standard's; only the types of both are strangers to each other.
    webcrypto as unknown as Crypto,
  )
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const lines = der.match(/.{1,64}/g) ?? []
  const key = ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n')
  return { certificate: `${certificate.toString('pem')}\n`, key }
}

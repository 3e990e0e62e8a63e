import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { errorMessage } from '@rport/kit'

/** A certificate with its key, ready for a TLS listener. */
export interface KeyPair {
  /** PEM, the server's own certificate first, then the intermediate ones. */
  readonly certificate: string
  /** PEM, without passphrase. */
  readonly key: string
  readonly validFromAt: number
  readonly validToAt: number
  /** Names and addresses that it is good for, as the certificate writes them: `DNS:a.example.com, IP Address:10.0.0.1`. */
  readonly names: string
}

/** More certificates than any chain has; a folder's worth of them in one file is a mistake. */
const MAX_CERTIFICATES = 20

/**
 * Reads a certificate and its key and checks that they belong together.
 * @param certificateText  PEM, one or more certificates
 * @param keyText          PEM of the key
 * @throws Error that says which of both is wrong, and what to do; it holds nothing of the key
 */
export function toKeyPair(certificateText: string, keyText: string): KeyPair {
  const chain = readChain(certificateText)
  const key = readKey(keyText)
  const [own] = chain
  if (!own) throw new Error(adviceWithoutCertificate(certificateText))
  if (!own.checkPrivateKey(key)) {
    const belongsToLater = chain.some((certificate) => certificate.checkPrivateKey(key))
    throw new Error(
      belongsToLater
        ? 'the certificate of the key is not the first one in its file: put it before the intermediate ones'
        : 'the key does not belong to the certificate: use the key with which it was requested',
    )
  }
  try {
    createSecureContext({ cert: certificateText, key: keyText })
  } catch (error) {
    throw new Error(`TLS cannot use them: ${errorMessage(error)}`)
  }
  return {
    certificate: certificateText,
    key: keyText,
    validFromAt: Date.parse(own.validFrom),
    validToAt: Date.parse(own.validTo),
    names: own.subjectAltName ?? own.subject,
  }
}

function readChain(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length > MAX_CERTIFICATES) {
    throw new Error(`the certificate file holds ${blocks.length} certificates: leave its own and the intermediate ones`)
  }
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    // The runtime's words are ASN.1: they tell an administrator nothing.
    throw new Error('the certificate file is damaged: copy it again, whole')
  }
}

function readKey(text: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch {
    // Nothing of the runtime's words is shown: they could quote the key.
    if (/^-----BEGIN ENCRYPTED|^Proc-Type: .*ENCRYPTED/m.test(text)) {
      throw new Error(
        'the key has a passphrase: write it without one, openssl pkey -in KEY -out NEWKEY; chmod 600 NEWKEY',
      )
    }
    if (text.includes('-----BEGIN CERTIFICATE-----')) {
      throw new Error('the key file holds a certificate but no key: are both files swapped?')
    }
    throw new Error('the key file holds no key in PEM form (-----BEGIN PRIVATE KEY-----)')
  }
}

const adviceWithoutCertificate = (text: string): string =>
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)
    ? 'the certificate file holds a key but no certificate: are both files swapped?'
    : 'the certificate file holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)'

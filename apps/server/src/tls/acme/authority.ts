import { Client, crypto } from 'acme-client'

/** How a name is proved: by a page under its port 80, or by a handshake on its port 443. */
export type ProofKind = 'http-01' | 'tls-alpn-01'

/** Shows a certificate authority that a name is ours. */
export interface Proofs {
  readonly kind: ProofKind
  /**
   * @param name   the name to be proved
   * @param token  of http-01: last part of the path that will be asked for
   * @param text   of http-01: what the page holds
   * @param pair   of tls-alpn-01: what the handshake shows; PEM
   */
  show(proof: Proof): void
  /** Takes back what `show` showed. */
  hide(proof: Proof): void
}

export type Proof =
  | { readonly kind: 'http-01'; readonly token: string; readonly text: string }
  | { readonly kind: 'tls-alpn-01'; readonly name: string; readonly certificate: string; readonly key: string }

/** A certificate authority that speaks ACME. */
export interface Authority {
  /**
   * Has a certificate made for one name; takes seconds to minutes.
   * @returns PEM: the certificate with its chain, and its new key
   * @throws  Error with the authority's reason
   */
  obtain(name: string, proofs: Proofs): Promise<{ certificate: string; key: string }>
}

export interface AuthorityOptions {
  /** Directory of the authority. */
  readonly directoryUrl: string
  /** PEM. The account is made when the authority does not know the key yet; its terms are accepted. */
  readonly accountKey: string
}

/** Between two looks whether the authority is done, in milliseconds. */
const LOOK_MIN_MS = 1000
const LOOK_MAX_MS = 10_000
const MAX_LOOKS = 15

/** The only place that knows the ACME library. @see RFC 8555, RFC 8737 (tls-alpn-01) */
export function createAuthority({ directoryUrl, accountKey }: AuthorityOptions): Authority {
  return {
    async obtain(name, proofs) {
      const client = new Client({
        directoryUrl,
        accountKey,
        backoffAttempts: MAX_LOOKS,
        backoffMin: LOOK_MIN_MS,
        backoffMax: LOOK_MAX_MS,
      })
      const [key, request] = await crypto.createCsr({ altNames: [name] }, await crypto.createPrivateEcdsaKey())
      const shown = new Map<string, Proof>()
      const certificate = await client.auto({
        csr: request,
        termsOfServiceAgreed: true,
        challengePriority: [proofs.kind],
        // Asking ourselves would fail behind a router that does not lead its outer address back in.
        skipChallengeVerification: true,
        async challengeCreateFn(authorization, challenge, text) {
          if (challenge.type !== proofs.kind) {
            throw new Error(`the authority does not offer the proof ${proofs.kind} for ${name}`)
          }
          const proof = await toProof(authorization, { token: challenge.token, text, kind: proofs.kind })
          shown.set(challenge.token, proof)
          proofs.show(proof)
        },
        async challengeRemoveFn(_authorization, challenge) {
          const proof = shown.get(challenge.token)
          if (proof) proofs.hide(proof)
        },
      })
      return { certificate, key: key.toString() }
    },
  }
}

/** A new account key: PEM. */
export const makeAccountKey = async (): Promise<string> => (await crypto.createPrivateEcdsaKey()).toString()

type LibraryAuthorization = Parameters<typeof crypto.createAlpnCertificate>[0]

async function toProof(
  authorization: LibraryAuthorization,
  { kind, token, text }: { kind: ProofKind; token: string; text: string },
): Promise<Proof> {
  if (kind === 'http-01') return { kind, token, text }
  const [key, certificate] = await crypto.createAlpnCertificate(
    authorization,
    text,
    await crypto.createPrivateEcdsaKey(),
  )
  const name = authorization.identifier.value
  return { kind, name, certificate: certificate.toString(), key: key.toString() }
}

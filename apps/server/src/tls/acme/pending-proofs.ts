import type { Proof, ProofKind, Proofs } from './authority.ts'

/** What an authority may look for at this moment. */
export interface PendingProofs extends Proofs {
  /** Page of http-01. */
  findText(token: string): string | undefined
  /** Certificate of tls-alpn-01; PEM. */
  findPair(name: string): { readonly certificate: string; readonly key: string } | undefined
  /** Whether there is anything to be looked for. */
  readonly isEmpty: boolean
}

/** Keeps proofs from the moment they are shown until they are hidden; there are as many as orders under way. */
export function createPendingProofs(kind: ProofKind): PendingProofs {
  const proofs = new Map<string, Proof>()
  const keyOf = (proof: Proof) => (proof.kind === 'http-01' ? proof.token : proof.name.toLowerCase())
  return {
    kind,
    show: (proof) => void proofs.set(keyOf(proof), proof),
    hide: (proof) => void proofs.delete(keyOf(proof)),
    findText(token) {
      const proof = proofs.get(token)
      return proof?.kind === 'http-01' ? proof.text : undefined
    },
    findPair(name) {
      const proof = proofs.get(name.toLowerCase())
      return proof?.kind === 'tls-alpn-01' ? proof : undefined
    },
    get isEmpty() {
      return proofs.size === 0
    },
  }
}

/** Who acts: a user, how they proved it, and from where. */
export interface Actor {
  readonly username: string
  /** User groups at this moment. */
  readonly groups: readonly string[]
  /** `password`: Basic with the user's password. `token`: Basic with an API token. `session`: Bearer. */
  readonly proof: 'password' | 'token' | 'session'
  /** The session of a bearer. */
  readonly sessionId?: number
  /** The caller's address. */
  readonly address: string
}

/** Where a request comes from. */
export interface Origin {
  /** The caller's address, proxies that we trust looked through. */
  readonly address: string
  /** As sent, empty when absent; bounded by the header limit. */
  readonly userAgent: string
}

/** Who holds the other end of the connection, whatever X-Forwarded-For says. */
export interface Peer {
  readonly address: string
  /** It is one of `[api] trusted_proxies`. */
  readonly isTrustedProxy: boolean
}

/** What the Authorization header of a request carries. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly name: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }

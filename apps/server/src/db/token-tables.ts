/** A personal API token. */
export interface ApiTokensTable {
  /** The public half of the token: 8 letters and digits. */
  prefix: string
  username: string
  /** Unique for each user. */
  name: string
  scope: string
  /** SHA-256 (base64url) of the secret half, which is 122 random bits: nothing that could be guessed. */
  secret_hash: string
  /** Milliseconds since 1970, UTC; so is every column that ends in `_at`. */
  created_at: number
  expires_at: number
  /** Written at most once a minute. */
  last_used_at: number | null
}

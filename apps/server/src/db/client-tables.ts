/** A managed machine. */
export interface ClientsTable {
  id: string
  /** The credential that registered it; empty only in imported data. */
  client_auth_id: string
  /** Milliseconds since 1970, UTC; null = connected when the row was written. */
  disconnected_at: number | null
  /** JSON object; its shape is features/clients/stored-client.ts. */
  details: string
}

/** Clients that are alike in some way. Who belongs to it is found out when asked, never stored. */
export interface ClientGroupsTable {
  id: string
  description: string
  /** JSON object; its shape is features/client-groups/client-group.ts. */
  params: string
  /** JSON list of names; null = never set. */
  allowed_user_groups: string | null
}

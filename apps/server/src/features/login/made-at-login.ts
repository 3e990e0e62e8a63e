/** What the audit log says of a login that made its user. */
export const MADE_AT_LOGIN = { user: 'created' } as const

/** What user groups may be granted; the names are the original's. */
export const permissions = [
  'tunnels',
  'scripts',
  'commands',
  'vault',
  'scheduler',
  'monitoring',
  'uploads',
  'auditlog',
] as const

export type Permission = (typeof permissions)[number]

/** The group whose members administrate the server. */
export const ADMINISTRATORS = 'Administrators'

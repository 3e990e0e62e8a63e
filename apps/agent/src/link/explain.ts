import { errorMessage } from '@rport/kit'
import { TransportError } from '@rport/transport'
import { RegistrationRefused } from './registration.ts'

/** Why an attempt failed, with what the operator should look at. Holds no secrets: the parts it is made of hold none. */
export function explain(error: unknown, { hasCredentials }: { hasCredentials: boolean }): string {
  if (error instanceof RegistrationRefused) return `the server refused this client: ${error.message}`
  if (!(error instanceof TransportError)) return errorMessage(error)
  const advice = adviceFor(error.code, hasCredentials)
  return advice === undefined ? error.message : `${error.message}. ${advice}`
}

function adviceFor(code: TransportError['code'], hasCredentials: boolean): string | undefined {
  switch (code) {
    case 'fingerprint-mismatch':
      return 'Compare client.fingerprint with the one that the server shows; no password was sent'
    case 'auth-refused':
      return hasCredentials
        ? 'Check client.auth'
        : 'This server wants credentials: start with --auth ID:PASSWORD, or set auth in [client]'
    case 'proxy-refused':
      return 'Check client.proxy: its address, user and password, and whether it lets this machine reach the server'
    case 'certificate-refused':
      return "Where a company's own authority signed it, name its file in connection.ca_file; else check the server's name and this machine's clock"
    default:
      return undefined
  }
}

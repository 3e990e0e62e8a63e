import { API_PREFIX, type ApiTokenScope } from '@rport/api'

const SOCKETS = `${API_PREFIX}/ws/`
const CLIENTS_AUTH = `${API_PREFIX}/clients-auth`

/**
 * Whether a token of this scope is good for a request. What the caller may do beyond that, his groups decide.
 * compat: the original looks for `/ws` and `clients-auth` anywhere in the path, so that the name of a client could open it.
 * @param path  as sent, without query
 */
export function scopeAllows(scope: ApiTokenScope, method: string, path: string): boolean {
  switch (scope) {
    case 'read':
      return method === 'GET' && !path.startsWith(SOCKETS)
    case 'read+write':
      return true
    case 'clients-auth':
      return path === CLIENTS_AUTH || path.startsWith(`${CLIENTS_AUTH}/`)
  }
}

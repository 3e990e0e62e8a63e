import { isUtf8 } from 'node:buffer'
import { apiError } from '@rport/api'
import type { Logger } from '@rport/kit'
import type { Peer } from '../../http/index.ts'
import { findUsernameFault } from '../users/index.ts'

/** `[api] auth_header` and `user_header`. */
export interface HeaderLoginConfig {
  /** Says with any content that a proxy has checked the user. */
  readonly authHeader: string
  /** Names the user. */
  readonly userHeader: string
}

/** What is looked at of a request. */
export interface HeaderLoginRequest {
  readonly peer: Peer
  headerValues(name: string): readonly string[]
}

/** Logging in by the word of a reverse proxy. */
export interface HeaderLogin {
  /**
   * The user that a trusted proxy vouches for; undefined when none does, whatever others say in the same headers.
   * @throws ApiError header_login_invalid, username_required
   */
  nameIn(request: HeaderLoginRequest): string | undefined
}

/** @param config  undefined: nobody is believed */
export function createHeaderLogin(config: HeaderLoginConfig | undefined, { log }: { log: Logger }): HeaderLogin {
  if (!config) return { nameIn: () => undefined }
  const { authHeader, userHeader } = config
  return {
    nameIn({ peer, headerValues }) {
      const vouched = headerValues(authHeader).filter((value) => value.trim() !== '')
      if (vouched.length === 0) return undefined
      if (!peer.isTrustedProxy) {
        log.warn({ peer: peer.address, header: authHeader }, 'login header ignored: it comes from no trusted proxy')
        return undefined
      }
      const values = headerValues(userHeader)
      // Of two values one may be what the caller sent and the proxy passed on.
      if (vouched.length > 1 || values.length > 1) {
        const header = vouched.length > 1 ? authHeader : userHeader
        throw apiError('header_login_invalid', { reason: `${header} came more than once` })
      }
      return nameOf(values[0] ?? '', userHeader)
    },
  }
}

/** Header values arrive as Latin-1 letters for bytes; names are UTF-8. */
function nameOf(value: string, header: string): string {
  const bytes = Buffer.from(value, 'latin1')
  if (!isUtf8(bytes)) throw apiError('header_login_invalid', { reason: `${header} is no UTF-8` })
  const name = bytes.toString('utf8')
  if (name.trim() === '') throw apiError('username_required')
  if (findUsernameFault(name)) throw apiError('header_login_invalid', { reason: `${header} is no user name` })
  return name
}

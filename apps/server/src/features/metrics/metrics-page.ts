import { createHash, timingSafeEqual } from 'node:crypto'
import { type IpNetwork, networkContains, parseIp, type Secret } from '@rport/kit'
import type { Page } from '../../http/index.ts'
import { CONTENT_TYPE } from './exposition.ts'

/** Who may read the figures beside administrators. */
export interface MetricsAccess {
  /** Whoever brings it as a bearer token; undefined: nobody. */
  readonly token: Secret | undefined
  /** Whoever calls from there. */
  readonly allowedAddresses: readonly IpNetwork[]
}

/** The page `/metrics`. */
export function metricsPage({ token, allowedAddresses }: MetricsAccess, metrics: { text(): Promise<string> }): Page {
  const expected = token && digest(token.reveal())
  return {
    path: '/metrics',
    auth: 'admin',
    admits({ address, bearer }) {
      if (expected && bearer !== undefined && timingSafeEqual(expected, digest(bearer))) return true
      const ip = parseIp(address)
      return ip !== undefined && allowedAddresses.some((network) => networkContains(network, ip))
    },
    answer: async () => ({ status: 200, contentType: CONTENT_TYPE, text: await metrics.text() }),
  }
}

/** Of equal length, whatever somebody sends. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

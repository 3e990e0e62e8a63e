import type { TunnelProxyConfig } from './server-config.ts'

/** Whether tunnels with `http_proxy` have a certificate: a pair of files, or one to be had by ACME. */
export const isTunnelProxyConfigured = ({ certFile, keyFile, acme }: TunnelProxyConfig): boolean =>
  (certFile !== undefined && keyFile !== undefined) || acme

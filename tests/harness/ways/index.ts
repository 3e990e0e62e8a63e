/**
 * What stands between an agent and its server: forward proxies, reverse proxies with TLS, listeners for systemd's messages.
 * Not for lines that break (cutting-proxy.ts) nor for whole networks (network.ts).
 * Start at forward-proxies.ts.
 */
export { type Authority, createAuthority } from './authority.ts'
export { type ForwardProxy, proxiesMissing, startHttpProxy, startSocksProxy } from './forward-proxies.ts'
export { listenForSystemd, type NotifySocket, systemdMissing } from './notify-socket.ts'
export { reverseProxiesMissing, startCaddy, startNginx } from './reverse-proxies.ts'
export { type SocksVariant, startSocksVariant } from './socks-variant.ts'

/** Peers joined in memory, and lines that can be cut: for tests only. */
export { type ConnectedPair, type ConnectedPairOptions, connectPair, TEST_HOST_KEY } from './connected-pair.ts'
export { createMemoryPair, type MemoryLink, type MemoryPairOptions } from './memory-link.ts'
export { dialPlainSsh, echo, echoAll, type PlainSshOptions, type PlainSshServer, servePlainSsh } from './plain-ssh.ts'
export { RawPeer, type RawPeerOptions, rawAgent, rawServer } from './raw-peer.ts'
export { connectSockets, type SocketPair } from './socket-pair.ts'
export { TcpLink } from './tcp-link.ts'
export { TEST_CERTIFICATE, TEST_CERTIFICATE_KEY } from './test-certificate.ts'

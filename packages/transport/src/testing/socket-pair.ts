import net from 'node:net'

/** Both ends of a TCP connection over loopback. The near end is as a pipe wants it: paused, half-open allowed. */
export interface SocketPair {
  readonly near: net.Socket
  readonly far: net.Socket
}

/** Connects two sockets through a listener that is gone afterwards. The caller destroys both. */
export function connectSockets(): Promise<SocketPair> {
  return new Promise((resolve, reject) => {
    const listener = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
      listener.close()
      resolve({ near, far })
    })
    listener.on('error', reject)
    let far: net.Socket
    listener.listen(0, '127.0.0.1', () => {
      const { port } = listener.address() as net.AddressInfo
      far = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      far.on('error', () => undefined)
    })
  })
}

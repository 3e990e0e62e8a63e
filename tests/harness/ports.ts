import { type AddressInfo, createServer, type Server } from 'node:net'

/** Listens on a free port of the loopback address and returns its number. */
export async function listen(server: Server, port = 0, host = '127.0.0.1'): Promise<number> {
  const ready = Promise.withResolvers<void>()
  server.once('error', ready.reject)
  server.listen(port, host, () => ready.resolve())
  await ready.promise
  return (server.address() as AddressInfo).port
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(servers.map((server) => listen(server)))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}

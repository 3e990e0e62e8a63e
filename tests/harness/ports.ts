import { type AddressInfo, createServer, type Server } from 'node:net'

/** Listens on a port of the loopback address, a free one without `port`, and returns its number. */
export async function listen(server: Server, port = 0, host = '127.0.0.1'): Promise<number> {
  const ready = Promise.withResolvers<void>()
  const failed = (error: Error) => ready.reject(error)
  server.once('error', failed)
  server.listen(port, host, () => ready.resolve())
  await ready.promise
  server.off('error', failed)
  return (server.address() as AddressInfo).port
}

/**
 * Ports for programs under test lie below those that Linux gives to outgoing connections, which could take one between
 * two starts of its server, and below those of tunnels. Each of the runner's workers has a part of its own.
 */
const FIRST_PORT = 10_240
const PORTS_PER_WORKER = 1_200
const WORKERS = 8
const worker = Number(process.env.VITEST_POOL_ID ?? 1) % WORKERS
const firstOfWorker = FIRST_PORT + worker * PORTS_PER_WORKER
/** The ports of the tunnels of this worker's servers. */
const FIRST_TUNNEL_PORT = 20_000 + worker * 1000
const LAST_TUNNEL_PORT = FIRST_TUNNEL_PORT + 999
/** The same as `[server] used_ports` has it. */
export const TUNNEL_PORTS = `${FIRST_TUNNEL_PORT}-${LAST_TUNNEL_PORT}`
/** Files that follow each other in one worker go on elsewhere: the ports of the one before may linger. */
let next = Math.floor(Math.random() * PORTS_PER_WORKER)

/** A port of this worker that nobody listens on and that was not given out for a long time. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORTS_PER_WORKER; tries++) {
    const port = firstOfWorker + (next++ % PORTS_PER_WORKER)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port among ${firstOfWorker} to ${firstOfWorker + PORTS_PER_WORKER - 1}`)
}

/** A port for a tunnel that asks for one: nobody listens on it. */
export async function freeTunnelPort(): Promise<number> {
  for (let port = LAST_TUNNEL_PORT; port >= FIRST_TUNNEL_PORT; port--) if (await isFree(port)) return port
  throw new Error(`no free port among ${TUNNEL_PORTS}`)
}

/** Ports that nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) ports.push(await freePort())
  return ports
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await listen(server, port, '0.0.0.0')
    return true
  } catch {
    return false // somebody listens
  } finally {
    server.close()
  }
}

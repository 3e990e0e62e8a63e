import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../../tests/harness/deadline.ts'
import { freePorts } from '../../tests/harness/ports.ts'
import { type Program, startProgram } from '../../tests/harness/program.ts'
import { accepts } from '../../tests/harness/visitor.ts'
import type { Contender, TunnelOrder } from './contender.ts'

const TOKEN = 'bench-token-of-32-characters-long'

/** Ports of one pair: where the far end dials in, and where visitors come. */
async function pair(order: TunnelOrder, start: (control: number, port: number) => Promise<Program>) {
  const [control = 0, port = 0] = await freePorts(2)
  const server = await start(control, port)
  await until(`${server.name} listens`, () => running(server) && accepts(control))
  return { server, port, dialTo: await order.lay(control) }
}

async function joined(server: Program, client: Program, port: number) {
  await until(`${client.name} has its tunnel`, () => running(server) && running(client) && accepts(port))
  return { port, pids: [server.pid, client.pid] }
}

function running(program: Program): true {
  if (program.hasExited) throw new Error(`${program.name} ended: ${program.output.slice(-2000)}`)
  return true
}

async function write(order: TunnelOrder, name: string, lines: readonly string[]): Promise<string> {
  const path = join(await order.scope.folder('peer'), name)
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 })
  return path
}

/** chisel: SSH over WebSocket, the shape that rport comes from. */
export const chisel: Contender = {
  name: 'chisel',
  what: 'chisel, reverse tunnel: its server listens',
  isPresent: (programs) => programs['chisel'] !== undefined,
  async open(order) {
    const command = order.programs['chisel'] ?? ''
    const { server, port, dialTo } = await pair(order, async (control) => {
      const args = ['server', '--host', '127.0.0.1', '--port', String(control), '--reverse', '--auth', `bench:${TOKEN}`]
      return startProgram(order.scope, { name: 'chisel server', command, args })
    })
    const remote = `R:127.0.0.1:${port}:127.0.0.1:${order.targetPort}`
    const args = ['client', '--auth', `bench:${TOKEN}`, `http://127.0.0.1:${dialTo}`, remote]
    return joined(server, startProgram(order.scope, { name: 'chisel client', command, args }), port)
  },
}

/** frp with its TLS, which is on by default. */
export const frp: Contender = {
  name: 'frp',
  what: 'frp with TLS and its default settings: frps listens, frpc reaches the target',
  isPresent: (programs) => programs['frpc'] !== undefined && programs['frps'] !== undefined,
  async open(order) {
    const { server, port, dialTo } = await pair(order, async (control) => {
      const lines = ['bindAddr = "127.0.0.1"', `bindPort = ${control}`, `auth.token = "${TOKEN}"`]
      const file = await write(order, 'frps.toml', lines)
      return startProgram(order.scope, { name: 'frps', command: order.programs['frps'] ?? '', args: ['-c', file] })
    })
    const file = await write(order, 'frpc.toml', [
      ...['serverAddr = "127.0.0.1"', `serverPort = ${dialTo}`, `auth.token = "${TOKEN}"`],
      ...['[[proxies]]', 'name = "bench"', 'type = "tcp"'],
      ...['localIP = "127.0.0.1"', `localPort = ${order.targetPort}`, `remotePort = ${port}`],
    ])
    const command = order.programs['frpc'] ?? ''
    return joined(server, startProgram(order.scope, { name: 'frpc', command, args: ['-c', file] }), port)
  },
}

/** rathole without encryption: the measure of a tunnel that only carries. */
export const rathole: Contender = {
  name: 'rathole',
  what: 'rathole, plain TCP without encryption: its server listens',
  isPresent: (programs) => programs['rathole'] !== undefined,
  async open(order) {
    const command = order.programs['rathole'] ?? ''
    const { server, port, dialTo } = await pair(order, async (control, listening) => {
      const lines = ['[server]', `bind_addr = "127.0.0.1:${control}"`, `default_token = "${TOKEN}"`]
      const service = ['[server.services.bench]', `bind_addr = "127.0.0.1:${listening}"`]
      const file = await write(order, 'server.toml', [...lines, ...service])
      return startProgram(order.scope, { name: 'rathole server', command, args: ['--server', file] })
    })
    const lines = ['[client]', `remote_addr = "127.0.0.1:${dialTo}"`, `default_token = "${TOKEN}"`]
    const service = ['[client.services.bench]', `local_addr = "127.0.0.1:${order.targetPort}"`]
    const file = await write(order, 'client.toml', [...lines, ...service])
    const client = startProgram(order.scope, { name: 'rathole client', command, args: ['--client', file] })
    return joined(server, client, port)
  },
}

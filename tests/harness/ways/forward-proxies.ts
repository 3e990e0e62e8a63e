import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../deadline.ts'
import { freePort } from '../ports.ts'
import { type Program, startProgram } from '../program.ts'
import type { Scope } from '../scope.ts'
import { accepts } from '../visitor.ts'

const TINYPROXY = '/usr/bin/tinyproxy'
const MICROSOCKS = '/usr/bin/microsocks'

/** Why stories with forward proxies are left out on this machine; undefined when they are told. */
export const proxiesMissing = [TINYPROXY, MICROSOCKS].every((path) => existsSync(path))
  ? undefined
  : 'no tinyproxy or microsocks on this machine (Debian: tinyproxy-bin, microsocks)'

export interface ForwardProxy {
  readonly port: number
  /** The process; its output names who came and where they went. */
  readonly program: Program
}

interface Login {
  readonly user: string
  readonly password: string
}

/** Starts tinyproxy: HTTP with CONNECT to any port. */
export async function startHttpProxy(scope: Scope, login?: Login): Promise<ForwardProxy> {
  const port = await freePort()
  const config = join(await scope.folder('tinyproxy'), 'tinyproxy.conf')
  const lines = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 600', 'MaxClients 20', 'Allow 127.0.0.1', 'LogLevel Info']
  if (login) lines.push(`BasicAuth ${login.user} ${login.password}`)
  await writeFile(config, `${lines.join('\n')}\n`)
  return started(port, startProgram(scope, { name: 'tinyproxy', command: TINYPROXY, args: ['-d', '-c', config] }))
}

/** Starts microsocks: SOCKS5. */
export async function startSocksProxy(scope: Scope, login?: Login): Promise<ForwardProxy> {
  const port = await freePort()
  const args = ['-i', '127.0.0.1', '-p', String(port)]
  if (login) args.push('-u', login.user, '-P', login.password)
  return started(port, startProgram(scope, { name: 'microsocks', command: MICROSOCKS, args }))
}

async function started(port: number, program: Program): Promise<ForwardProxy> {
  await until(`${program.name} listens`, () => program.hasExited || accepts(port))
  if (program.hasExited) throw new Error(`${program.name} ended at its start: ${program.output}`)
  return { port, program }
}

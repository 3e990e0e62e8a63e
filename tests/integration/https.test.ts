import { readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  ADMIN,
  AGENT_AUTH,
  type CertificateFiles,
  createScope,
  freePorts,
  KEY_SEED,
  opensslMissing,
  type Program,
  putCertificate,
  RPORTD,
  run,
  type Scope,
  startProgram,
  toToml,
  until,
} from '../harness/index.ts'

let scope: Scope
let folder: string
let files: CertificateFiles
let apiPort = 0
beforeEach(async () => {
  scope = createScope()
  folder = await scope.folder('https')
  files = await putCertificate(folder, 'old.example.com')
})
afterEach(() => scope.close())

/** Writes a configuration with HTTPS. */
async function configure(api: Record<string, string> = {}): Promise<string> {
  const [agentPort = 0, port = 0] = await freePorts(2)
  apiPort = port
  const auth = `${ADMIN.user}:${ADMIN.password}`
  const path = join(folder, 'rportd.conf')
  const settings = {
    server: {
      address: `127.0.0.1:${agentPort}`,
      key_seed: KEY_SEED,
      auth: AGENT_AUTH,
      data_dir: join(folder, 'data'),
      allow_root: true,
    },
    api: { address: `127.0.0.1:${port}`, auth, cert_file: files.certFile, key_file: files.keyFile, ...api },
  }
  await writeFile(path, toToml(settings), { mode: 0o600 })
  return path
}

async function start(): Promise<Program> {
  const program = startProgram(scope, { name: 'rportd', command: RPORTD, args: ['-c', await configure()], cwd: folder })
  await program.waitFor(/API listening/)
  return program
}

/** Status of a call by somebody who trusts the certificate that lies in the folder and checks the name. */
async function statusOf(name: string): Promise<number> {
  const ca = await readFile(files.certFile, 'utf8')
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port: apiPort, servername: name, path: '/api/v1/status', ca, agent: false },
      (reply) => {
        reply.resume()
        resolve(reply.statusCode ?? 0)
      },
    )
    call.setHeader('authorization', `Basic ${Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString('base64')}`)
    call.on('error', reject).end()
  })
}

/** Name in the certificate that the server shows now. */
const shownName = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: apiPort, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject?.CN))
      socket.destroy()
    })
    socket.on('error', reject)
  })

describe.skipIf(opensslMissing)('an API with a certificate', () => {
  test('answers over HTTPS, and without it only that it does', async () => {
    await start()
    expect(await statusOf('old.example.com')).toBe(200)
    const plain = await fetch(`http://127.0.0.1:${apiPort}/api/v1/status`)
    expect(plain.status).toBe(400)
    expect(await plain.text()).toContain('this port speaks HTTPS')
  })

  test('takes a renewed one by itself, and at once with SIGHUP', async () => {
    const program = await start()
    await putCertificate(folder, 'second.example.com')
    await until('the second certificate is shown', async () => (await shownName()) === 'second.example.com')
    expect(await statusOf('second.example.com')).toBe(200)

    await putCertificate(folder, 'third.example.com')
    program.signal('SIGHUP')
    await program.waitFor(/new certificate in use.*third\.example\.com/, 5000)
    expect(await shownName()).toBe('third.example.com')
  })

  test('keeps the old one while the new one is broken, and says why', async () => {
    const program = await start()
    await rm(files.keyFile)
    program.signal('SIGHUP')
    await program.waitFor(/new certificate not taken, the old one stays.*there is no such file/)
    await writeFile(files.certFile, 'not a certificate')
    await writeFile(files.keyFile, 'not a key', { mode: 0o600 })
    program.signal('SIGHUP')
    await program.waitFor(
      /new certificate not taken.*no certificate in PEM form|new certificate not taken.*no key in PEM form/,
    )
    expect(await shownName()).toBe('old.example.com')
  })

  test('does not start with a pair that does not fit', async () => {
    const key = await readFile(files.keyFile)
    await putCertificate(folder, 'other.example.com')
    await writeFile(files.keyFile, key)
    const result = await run(scope, { name: 'rportd', command: RPORTD, args: ['-c', await configure()], cwd: folder })
    expect(result.code).toBe(1)
    expect(result.output).toContain("API: invalid 'cert_file', 'key_file': the key does not belong to the certificate")
    expect(result.output).toContain(files.keyFile)
    expect(result.output).not.toContain('PRIVATE KEY')
  })
})

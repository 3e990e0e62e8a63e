import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type PeerCertificate } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type AcmeAuthority,
  buildAcmeAuthority,
  createScope,
  freePorts,
  KEY_SEED,
  opensslMissing,
  type Program,
  RPORTD,
  startAcmeAuthority,
  startProgram,
  toToml,
} from '../harness/index.ts'

const missing = opensslMissing ?? buildAcmeAuthority()
const scope = createScope()
let authority: AcmeAuthority
beforeAll(async () => {
  if (!missing) authority = await startAcmeAuthority(scope)
})
afterAll(() => scope.close())

let folder: string
beforeEach(async () => {
  folder = await scope.folder('acme')
})

/** Starts rportd with its API on `apiPort`, where the authority looks for tls-alpn-01 when it is `tlsPort`. */
async function start(apiPort: number, httpPort: number): Promise<Program> {
  const [agentPort = 0] = await freePorts(1)
  const settings = {
    server: {
      address: `127.0.0.1:${agentPort}`,
      key_seed: KEY_SEED,
      data_dir: join(folder, 'data'),
      allow_root: true,
      acme_http_port: httpPort,
      acme_directory: authority.directoryUrl,
    },
    api: { address: `127.0.0.1:${apiPort}`, base_url: 'https://localhost', enable_acme: true },
  }
  const config = join(folder, 'rportd.conf')
  await writeFile(config, toToml(settings), { mode: 0o600 })
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: authority.rootFile }
  return startProgram(scope, { name: 'rportd', command: RPORTD, args: ['-c', config], cwd: folder, env })
}

const shownBy = (port: number): Promise<PeerCertificate> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate())
      socket.destroy()
    })
    socket.on('error', reject)
  })

describe.skipIf(missing)(missing ? `ACME (left out: ${missing})` : 'a certificate from a real ACME authority', () => {
  test('is had by the HTTP challenge, kept where nobody else reads it, and used again after a restart', async () => {
    const [apiPort = 0] = await freePorts(1)
    const program = await start(apiPort, authority.httpPort)
    await program.waitFor(/new certificate in use/, 30_000)
    const shown = await shownBy(apiPort)
    expect(shown.issuer.CN).toContain('Pebble')
    expect(shown.subjectaltname).toBe('DNS:localhost')

    const files = await readdir(join(folder, 'data/acme'))
    expect(files.toSorted()).toEqual(['account.key', 'localhost.json'])
    for (const file of files) expect((await stat(join(folder, 'data/acme', file))).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'data/acme'))).mode & 0o777).toBe(0o700)
    const elsewhere = await fetch(`http://127.0.0.1:${authority.httpPort}/x`, { redirect: 'manual' })
    expect(elsewhere.headers.get('location')).toBe('https://localhost/x')

    await program.stop()
    const again = await start(apiPort, authority.httpPort)
    await again.waitFor(/API listening/)
    expect((await shownBy(apiPort)).serialNumber).toBe(shown.serialNumber)
    expect(again.output).not.toContain('requesting a certificate')
    await again.stop()
  })

  test('is had by a handshake on the port of the API', async () => {
    const program = await start(authority.tlsPort, 0)
    await program.waitFor(/new certificate in use/, 30_000)
    expect((await shownBy(authority.tlsPort)).issuer.CN).toContain('Pebble')
    await program.stop()
  })

  test('that cannot be had is told with the reason of the authority, and the API is never without encryption', async () => {
    const [apiPort = 0] = await freePorts(1)
    const program = await start(apiPort, 0)
    await program.waitFor(/no certificate could be had: callers cannot trust this server yet.*reason=/, 30_000)
    expect((await shownBy(apiPort)).subject.CN).toBe('localhost')
    const plain = await fetch(`http://127.0.0.1:${apiPort}/api/v1/status`)
    expect({ status: plain.status, text: await plain.text() }).toMatchObject({
      status: 400,
      text: expect.stringContaining('HTTPS'),
    })
    await program.stop()
  })
})

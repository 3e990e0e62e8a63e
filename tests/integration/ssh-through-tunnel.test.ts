import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createScope, type OpenSsh, run, sshdMissing, startAgent, startOpenSsh, startServer } from '../harness/index.ts'

const FILE_BYTES = 100 * 1024 * 1024
/** 100 MB through two OpenSSH programs and two of ours on a small machine. */
const COPY_LIMIT_MS = 90_000

if (sshdMissing) console.warn(`LEFT OUT: OpenSSH through a tunnel: ${sshdMissing}`)

describe.skipIf(sshdMissing)('OpenSSH through a tunnel', () => {
  const scope = createScope()
  let ssh: OpenSsh
  let folder: string
  let port: number

  beforeAll(async () => {
    ssh = await startOpenSsh(scope)
    folder = await scope.folder('files')
    const server = await startServer(scope)
    await startAgent(scope, server, { id: 'ssh-machine' })
    const tunnel = await server.api.openTunnel('ssh-machine', { remote: ssh.port, scheme: 'ssh' })
    port = tunnel.port
  })
  afterAll(() => scope.close())

  test('a command runs on the far machine and its exit code comes back', async () => {
    const result = await run(scope, {
      name: 'ssh',
      command: 'ssh',
      args: [...ssh.clientOptions(), '-p', String(port), ssh.login, 'echo over the tunnel; exit 7'],
    })
    expect(result).toMatchObject({ code: 7, stdout: 'over the tunnel\n' })
  })

  test('100 MB go there and back with the same checksum', { timeout: 2 * COPY_LIMIT_MS + 30_000 }, async () => {
    const [original, there, back] = ['original', 'there', 'back'].map((name) => join(folder, name))
    await writeRandomFile(original!, FILE_BYTES)
    const copy = (from: string, to: string) =>
      run(scope, {
        name: 'scp',
        command: 'scp',
        args: ['-q', ...ssh.clientOptions(), '-P', String(port), from, to],
        limitMs: COPY_LIMIT_MS,
      })
    expect(await copy(original!, `${ssh.login}:${there}`)).toMatchObject({ code: 0 })
    expect(await copy(`${ssh.login}:${there}`, back!)).toMatchObject({ code: 0 })
    const digests = await Promise.all([original!, there!, back!].map(digest))
    expect(new Set(digests).size).toBe(1)
  })
})

async function writeRandomFile(path: string, totalBytes: number): Promise<void> {
  const file = await open(path, 'w')
  const piece = randomBytes(1024 * 1024)
  for (let written = 0; written < totalBytes; written += piece.length) {
    piece.writeUInt32BE(written, 0) // no two pieces alike: a swapped one is noticed
    await file.write(piece)
  }
  await file.close()
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

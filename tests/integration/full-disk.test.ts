import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  connected,
  createScope,
  createSmallDisk,
  RPORTD,
  run,
  type SmallDisk,
  smallDiskMissing,
  startAgent,
  startCuttingProxy,
  startHttpTarget,
  startServer,
  type TestServer,
  until,
  visit,
} from '../harness/index.ts'

const MEGABYTE = 1024 * 1024
/** Each write takes a few pages of a log that grows; long before this many there is no room. */
const MAX_WRITES = 200

if (smallDiskMissing) console.warn(`LEFT OUT: full disks: ${smallDiskMissing}`)

describe.skipIf(smallDiskMissing)('a server whose disk is full', { timeout: 120_000 }, () => {
  const scope = createScope()
  let disk: SmallDisk
  let server: TestServer
  beforeAll(async () => {
    disk = await createSmallDisk(scope, 4 * MEGABYTE)
    server = await startServer(scope, { settings: { server: { data_dir: disk.path } } })
  })
  afterAll(() => scope.close())

  const addGroup = (id: string) =>
    server.api.call('POST', '/api/v1/client-groups', { id, description: 'd'.repeat(1500), params: {} })
  const groupIds = async () => {
    const reply = await server.api.get('/api/v1/client-groups?page[limit]=500')
    return (reply.json.data as { id: string }[]).map(({ id }) => id)
  }

  test('answers changes with an error that says so, goes on with everything else, and takes changes again', async () => {
    const page = await startHttpTarget(scope)
    await startAgent(scope, server, { id: 'patient' })
    const tunnel = await server.api.openTunnel('patient', { remote: page.port })
    const fetchPage = async () => (await visit({ port: tunnel.port, send: 'GET / HTTP/1.0\r\n\r\n' })).text
    disk.fill()

    const kept: string[] = []
    let refusal: Awaited<ReturnType<typeof addGroup>> | undefined
    for (let count = 0; count < MAX_WRITES && !refusal; count += 1) {
      const reply = await addGroup(`group-${count}`)
      if (reply.status === 201) kept.push(`group-${count}`)
      else refusal = reply
    }
    expect([503, 507]).toContain(refusal?.status)
    expect(refusal?.json.errors).toMatchObject([{ title: expect.stringMatching(/disk|audit log cannot be written/) }])
    expect((await server.api.get('/api/v1/login')).status).toBe(507)

    expect(await fetchPage()).toContain('hello target')
    expect((await server.api.client('patient'))?.connection_state).toBe('connected')
    expect((await groupIds()).sort()).toEqual([...kept].sort())
    expect(server.program.hasExited).toBe(false)

    disk.free()
    expect((await addGroup('later')).status).toBe(201)
    expect(await fetchPage()).toContain('hello target')
    await server.program.kill()
    await server.start()
    expect((await groupIds()).sort()).toEqual([...kept, 'later'].sort())
  })

  test('is not started on it, and says what to do', async () => {
    await server.program.stop()
    disk.fill()
    const started = await run(scope, {
      name: 'rportd',
      command: RPORTD,
      args: ['-c', join(server.folder, 'rportd.conf')],
    })
    expect([started.code, started.output]).toEqual([1, expect.stringContaining('Make room on that disk')])
    disk.free()
    await server.start()
    expect(await groupIds()).toContain('later')
  })

  test('cannot be saved to another one that is full, and the archive that lies there stays', async () => {
    const other = await createSmallDisk(scope, MEGABYTE / 4)
    const archive = join(other.path, 'archive.tar.gz')
    const args = ['backup', '-c', join(server.folder, 'rportd.conf'), '--out', archive, '--force']
    await writeFile(archive, 'of yesterday')
    other.fill()
    const saved = await run(scope, { name: 'backup', command: RPORTD, args })
    expect([saved.code, saved.output]).toEqual([1, expect.stringMatching(/ENOSPC|is full/)])
    expect(await readFile(archive, 'utf8')).toBe('of yesterday')
    expect(await readdir(other.path)).toEqual(['archive.tar.gz', 'filler'])
  })
})

describe.skipIf(smallDiskMissing)('an agent whose disk is full', { timeout: 120_000 }, () => {
  const scope = createScope()
  afterAll(() => scope.close())

  test('stays connected, keeps its last state whole, and writes it again when there is room', async () => {
    const disk = await createSmallDisk(scope, MEGABYTE)
    const server = await startServer(scope)
    const line = await startCuttingProxy(scope, server.agentPort)
    const agent = await startAgent(scope, server, {
      id: 'patient',
      address: `127.0.0.1:${line.port}`,
      settings: { client: { data_dir: disk.path }, connection: { watchdog_integration: true } },
    })
    const state = async () =>
      JSON.parse(await readFile(join(disk.path, 'state.json'), 'utf8')) as Record<string, string>
    await until('the state is written', async () => (await state())['last_state'] === 'connected')
    const before = await state()
    disk.fill()
    line.cut()
    await agent.program.waitFor(/state\.json not written/)
    await agent.program.waitFor(/disconnected.*rport: connected/s)
    await connected(server, 'patient')
    expect(await state()).toEqual(before)

    disk.free()
    line.cut()
    await until('the state is new', async () => {
      const now = await state()
      return now['last_state'] === 'connected' && now['last_update'] !== before['last_update']
    })
    expect(agent.program.hasExited).toBe(false)
  })
})

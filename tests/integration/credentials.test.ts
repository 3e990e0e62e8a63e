import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  connected,
  createScope,
  disconnected,
  launchAgent,
  mariadbMissing,
  postgresMissing,
  RPORTD,
  run,
  type Scope,
  startAgent,
  startMariadb,
  startPostgres,
  startProgram,
  startServer,
  type TestDatabaseServer,
  until,
} from '../harness/index.ts'

let scope: Scope
beforeEach(() => {
  scope = createScope()
})
afterEach(() => scope.close())

describe('credentials in the store of the server', () => {
  test('are made through the API, let agents in, and take them along when they go', async () => {
    const server = await startServer(scope, { settings: { server: { auth: undefined } } })
    const create = (id: string) =>
      server.api.call('POST', '/api/v1/clients-auth', { id, password: `password-of-${id}` })
    expect((await create('branch-7')).status).toBe(201)
    expect((await create('branch-8')).status).toBe(201)
    const settingsOf = (id: string) => ({ client: { auth: `${id}:password-of-${id}` } })
    await startAgent(scope, server, { id: 'seven', settings: settingsOf('branch-7') })
    await startAgent(scope, server, { id: 'eight', settings: settingsOf('branch-8') })
    expect((await server.api.call('DELETE', '/api/v1/clients-auth/branch-7')).status).toBe(409)
    expect((await server.api.call('DELETE', '/api/v1/clients-auth/branch-7?force=true')).status).toBe(204)
    expect(await server.api.client('seven')).toBeUndefined()
    expect((await server.api.client('eight'))?.connection_state).toBe('connected')
    expect(server.program.output).not.toContain('password-of-')
  })

  test('own the ids of their clients until an administrator releases them', async () => {
    const server = await startServer(scope, { settings: { server: { auth: undefined } } })
    for (const id of ['first', 'second']) {
      await server.api.call('POST', '/api/v1/clients-auth', { id, password: 'password' })
    }
    const owner = await startAgent(scope, server, { id: 'machine', settings: { client: { auth: 'first:password' } } })
    await owner.program.stop()
    await disconnected(server, 'machine')
    const other = await launchAgent(scope, {
      id: 'machine',
      address: `127.0.0.1:${server.agentPort}`,
      settings: { client: { auth: 'second:password' }, connection: { max_retry_interval: '1s' } },
    })
    await other.program.waitFor(/belongs to another client auth id/)
    expect((await server.api.call('POST', '/api/v1/clients/machine/release')).status).toBe(204)
    await connected(server, 'machine')
  })
})

const databases = [
  { name: 'MariaDB', missing: mariadbMissing, startDatabase: startMariadb },
  { name: 'PostgreSQL', missing: postgresMissing, startDatabase: startPostgres },
]

const settingsFor = (database: TestDatabaseServer, table: string) => ({
  server: { auth: undefined, auth_table: table },
  database: {
    db_type: database.kind,
    db_host: database.host,
    db_user: database.user,
    db_password: database.password,
    db_name: database.name,
  },
})

describe.each(databases)('credentials in a table on $name', ({ missing, startDatabase }) => {
  test.skipIf(missing)(
    'let agents in; a database that goes away disconnects nobody, and works again when it is back',
    {
      timeout: 150_000,
    },
    async () => {
      const database = await startDatabase(scope)
      await database.run(
        "create table agents (id varchar(50) primary key, password varchar(50)); insert into agents values ('cred', 'password-1')",
      )
      const server = await startServer(scope, { settings: settingsFor(database, 'agents') })
      const settings = { client: { auth: 'cred:password-1' }, connection: { max_retry_interval: '1s' } }
      await startAgent(scope, server, { id: 'stays', settings })
      await database.stop()

      const late = await launchAgent(scope, { id: 'late', address: `127.0.0.1:${server.agentPort}`, settings })
      await server.program.waitFor(/database of users and credentials cannot be reached/)
      expect((await server.api.get('/api/v1/clients-auth')).status).toBe(503)
      expect((await server.api.client('stays'))?.connection_state).toBe('connected')
      expect(await server.api.client('late')).toBeUndefined()
      expect(late.program.hasExited).toBe(false)

      await database.start()
      await connected(server, 'late')
      expect(server.program.output).toContain('database of users and credentials answers again')
      expect(server.program.output).not.toContain('password-1')

      // A failing login is reason enough to look whether its credential is still there.
      await database.run("delete from agents where id = 'cred'")
      await launchAgent(scope, { id: 'third', address: `127.0.0.1:${server.agentPort}`, settings })
      await until('both are disconnected', async () =>
        (await server.api.clients()).every((client) => client.connection_state === 'disconnected'),
      )
    },
  )
})

test('a credential file that is cut short stays as it is: a running server goes on with the last good state, a new one does not start', async () => {
  const file = join(await scope.folder('auth'), 'client-auth.json')
  const whole = (...ids: string[]) => JSON.stringify(Object.fromEntries(ids.map((id) => [id, `password-of-${id}`])))
  await writeFile(file, whole('one', 'two'), { mode: 0o600 })
  const server = await startServer(scope, { settings: { server: { auth: undefined, auth_file: file } } })
  const enter = (id: string) =>
    startAgent(scope, server, { id, settings: { client: { auth: `${id}:password-of-${id}` } } })
  await enter('one')
  const half = whole('one', 'three').slice(0, -9)
  await writeFile(file, half)
  await enter('two')
  await server.program.waitFor(/file was not taken over, its last good state stays in force/)
  expect((await server.api.call('POST', '/api/v1/clients-auth', { id: 'four', password: 'password' })).status).toBe(503)
  expect(await readFile(file, 'utf8')).toBe(half)
  expect((await server.api.client('one'))?.connection_state).toBe('connected')

  await server.program.stop()
  const refused = await run(scope, {
    name: 'rportd',
    command: RPORTD,
    args: ['-c', join(server.folder, 'rportd.conf')],
  })
  expect([refused.code, refused.output]).toEqual([1, expect.stringContaining(file)])
  expect(await readFile(file, 'utf8')).toBe(half)
  // All of them: agents that are refused again and again would have the address banned.
  await writeFile(file, whole('one', 'two', 'three'))
  await server.start()
  await enter('three')
  expect(server.program.output).not.toContain('password-of-')
})

test('a database that is not there stops the start with its address and the fix', async () => {
  const folder = await scope.folder('no-database')
  const place = ['--db-type', 'postgres', '--db-host', '127.0.0.1:1', '--db-user', 'u', '--db-name', 'n']
  const asRoot = process.getuid?.() === 0 ? ['--allow-root'] : []
  const program = startProgram(scope, {
    name: 'rportd',
    command: RPORTD,
    args: [
      '--auth-table',
      'agents',
      ...place,
      '--db-password',
      'never-shown',
      '--data-dir',
      `${folder}/data`,
      ...asRoot,
    ],
    cwd: folder,
  })
  expect((await program.exited).code).toBe(1)
  expect(program.output).toMatch(/PostgreSQL database at 127\.0\.0\.1:1 cannot be used: .*db_host/)
  expect(program.output).not.toContain('never-shown')
})

import { afterAll, expect, test } from 'vitest'
import {
  ADMIN,
  connected,
  createApi,
  createScope,
  postgresMissing,
  startAgent,
  startHttpTarget,
  startPostgres,
  startServer,
  visit,
} from '../harness/index.ts'

const scope = createScope()
afterAll(() => scope.close())

test.skipIf(postgresMissing)(
  'while the database of users is away nobody is judged, everything that runs goes on, and sessions last',
  { timeout: 90_000 },
  async () => {
    const database = await startPostgres(scope)
    await database.run(`create table people (username varchar(150) primary key, password varchar(255), password_expired boolean not null default false);
create table memberships (username varchar(150), "group" varchar(150));
insert into people (username, password) values ('${ADMIN.user}', '${ADMIN.password}');
insert into memberships values ('${ADMIN.user}', 'Administrators')`)
    const server = await startServer(scope, {
      settings: {
        api: { auth: undefined, auth_user_table: 'people', auth_group_table: 'memberships' },
        database: {
          db_type: database.kind,
          db_host: database.host,
          db_user: database.user,
          db_password: database.password,
          db_name: database.name,
        },
      },
    })
    const page = await startHttpTarget(scope)
    const agent = await startAgent(scope, server, { id: 'stays' })
    const tunnel = await server.api.openTunnel('stays', { remote: page.port })
    const fetchPage = async () => (await visit({ port: tunnel.port, send: 'GET / HTTP/1.0\r\n\r\n' })).text
    const bearer: string = (await server.api.get('/api/v1/login')).json.data.token
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(server.api.baseUrl + path, { ...init, headers: { authorization: `Bearer ${bearer}`, ...init.headers } })
    expect((await ask('/api/v1/clients')).status).toBe(200)
    const connections = () => agent.program.output.match(/\bconnected\b[^\n]*within/g)?.length
    const connectedBefore = connections()

    await database.stop()
    const wrong = createApi({ baseUrl: server.api.baseUrl, user: ADMIN.user, password: 'a wrong password' })
    const login = { method: 'POST', body: JSON.stringify({ username: ADMIN.user, password: ADMIN.password }) }
    const refused = [
      await ask('/api/v1/clients'),
      await ask('/api/v1/users'),
      await ask('/api/v1/login', { ...login, headers: { 'content-type': 'application/json' } }),
      await server.api.get('/api/v1/clients'),
      await wrong.get('/api/v1/clients'),
    ]
    for (const { status, headers } of refused) {
      expect([status, Number(headers.get('retry-after')) > 0]).toEqual([503, true])
    }
    expect((await server.api.get('/api/v1/clients')).text).not.toContain(database.host)
    expect(await fetchPage()).toContain('200 OK')

    await database.start()
    // The session of before, and a login: nothing was counted against anybody.
    expect((await ask('/api/v1/clients')).status).toBe(200)
    expect((await server.api.get('/api/v1/clients')).status).toBe(200)
    await connected(server, 'stays')
    expect(connections()).toBe(connectedBefore)
    expect(await fetchPage()).toContain('200 OK')
    expect(server.program.output).not.toContain(database.password)
  },
)

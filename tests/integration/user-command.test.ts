import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createApi, createScope, freePorts, RPORTD, run, startProgram, toToml, until } from '../harness/index.ts'

const scope = createScope()
afterAll(() => scope.close())

test('users are administrated on the command line while the server runs', { timeout: 90_000 }, async () => {
  const folder = await scope.folder('users')
  const dataDir = join(folder, 'data')
  await mkdir(dataDir, { mode: 0o700 })
  const [agentPort = 0, apiPort = 0] = await freePorts(2)
  const config = join(folder, 'rportd.conf')
  const settings = {
    server: { address: `127.0.0.1:${agentPort}`, data_dir: dataDir, allow_root: true },
    api: { address: `127.0.0.1:${apiPort}` },
  }
  await writeFile(config, toToml(settings), { mode: 0o600 })
  const user = (...args: string[]) =>
    run(scope, { name: 'user', command: RPORTD, args: ['user', ...args, '-c', config], cwd: folder, limitMs: 20_000 })
  const statusOf = async (username: string, password: string) => {
    const api = createApi({ baseUrl: `http://127.0.0.1:${apiPort}`, user: username, password })
    return (await api.get('/api/v1/users')).status
  }

  const early = await user('list')
  expect([early.code, early.output]).toEqual([1, expect.stringContaining('start rportd once first')])

  const server = startProgram(scope, { name: 'rportd', command: RPORTD, args: ['-c', config], cwd: folder })
  await until('the API answers, or the server has ended', async () => {
    if (server.hasExited) return true
    return (await fetch(`http://127.0.0.1:${apiPort}/api/v1/status`)).status === 401
  })
  const added = await user('add', 'ada', '--group', 'Administrators')
  expect([added.code, added.output]).toEqual([0, expect.stringMatching(/^user "ada" created: \w{24}\n$/)])
  const password = added.output.trim().split(': ')[1] ?? ''
  expect(await statusOf('ada', password)).toBe(200)

  const changed = await user('password', 'ada')
  const newPassword = changed.output.trim().split(': ')[1] ?? ''
  expect(await statusOf('ada', newPassword)).toBe(200)

  await user('add', 'bob')
  expect((await user('change', 'bob', '--group', 'viewers', '--expire')).output).toBe('user "bob" changed\n')
  const list = (await user('list')).output
  expect(list).toMatch(/^NAME +GROUPS +PASSWORD\n/)
  expect(list).toMatch(/^ada +Administrators$/m)
  expect(list).toMatch(/^bob +viewers +expired$/m)
  expect((await user('delete', 'bob')).output).toBe('user "bob" deleted\n')

  // Who did it: nobody of the API, somebody at the terminal.
  const ada = createApi({ baseUrl: `http://127.0.0.1:${apiPort}`, user: 'ada', password: newPassword })
  const rows = (await ada.get('/api/v1/auditlog?filter[username]=')).json.data as Record<string, string>[]
  expect(rows.map((row) => [row['application'], row['action'], row['affected_id']])).toEqual([
    ['auth.user', 'create', 'ada'],
    ['auth.user', 'update', 'ada'],
    ['auth.user', 'create', 'bob'],
    ['auth.user', 'update', 'bob'],
    ['user', 'delete', 'bob'],
  ])
  expect(JSON.parse(rows[3]?.['request'] ?? '')).toMatchObject({
    by: 'rportd user change',
    system_user: expect.any(String),
    groups: ['viewers'],
    password_expired: true,
  })
  expect(JSON.stringify(rows)).not.toContain(password)

  const again = await user('delete', 'bob')
  expect([again.code, again.output]).toEqual([1, "rportd: cannot find user by username 'bob'\n"])
})

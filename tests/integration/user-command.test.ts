import { afterAll, expect, test } from 'vitest'
import { createScope, createUserServer } from '../harness/index.ts'

const scope = createScope()
afterAll(() => scope.close())

test('users are administrated on the command line while the server runs', { timeout: 90_000 }, async () => {
  const server = await createUserServer(scope)
  const { user } = server
  const statusOf = async (username: string, password: string) =>
    (await server.as(username, password).get('/api/v1/users')).status

  const early = await user('list')
  expect([early.code, early.output]).toEqual([1, expect.stringContaining('start rportd once first')])

  await server.start()
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
  const ada = server.as('ada', newPassword)
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

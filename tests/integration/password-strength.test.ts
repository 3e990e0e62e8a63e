import { afterAll, expect, test } from 'vitest'
import { createScope, RPORTD, run, startUserServer } from '../harness/index.ts'

const scope = createScope()
afterAll(() => scope.close())

const GUESSABLE = 'password1234567'
const GOOD = 'vat-hush-lemon-orbit-9'
const BETTER = 'quiet-harbour-saddle-41-moss'

test('a guessable password is refused wherever one is set, with words that help', { timeout: 90_000 }, async () => {
  const settings = { api: { password_zxcvbn_minscore: 3, user_login_wait: 0 } }
  const server = await startUserServer(scope, { settings })
  const admin = server.as('root', await server.addUser('root', '--group', 'Administrators'))
  const refusal = {
    status: 400,
    error: {
      code: '',
      title: 'Your password is too guessable',
      detail: expect.stringMatching(/^zxcvbn score is [0-2], must be at least 3\. [A-Z].+\.$/),
    },
  }
  const faultOf = ({ status, json }: { status: number; json: { errors?: unknown[] } }) => ({
    status,
    error: json.errors?.[0],
  })

  const create = (password: string) => admin.call('POST', '/api/v1/users', { username: 'ada', password })
  expect(faultOf(await create(GUESSABLE))).toEqual(refusal)
  expect((await create(GOOD)).status).toBe(201)
  expect(faultOf(await admin.call('PUT', '/api/v1/users/ada', { password: GUESSABLE }))).toEqual(refusal)

  const ada = server.as('ada', GOOD)
  const change = (password: string) => ada.call('PUT', '/api/v1/me', { password, old_password: GOOD })
  expect(faultOf(await change(GUESSABLE))).toEqual(refusal)

  const logIn = (new_password: string) =>
    ada.call('POST', '/api/v1/login', { username: 'ada', password: GOOD, new_password })
  expect(faultOf(await logIn(GUESSABLE))).toEqual(refusal)
  expect((await logIn(BETTER)).status).toBe(200)

  const line = `printf '%s\\n' '${GUESSABLE}' | '${RPORTD}' user password ada --password-stdin -c '${server.config}'`
  const typed = await run(scope, { name: 'user', command: '/bin/sh', args: ['-c', line] })
  expect([typed.code, typed.output]).toEqual([1, expect.stringContaining('Your password is too guessable')])
})

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createApi, createScope, freePorts, RPORTD, run, startProgram, toToml, until } from '../harness/index.ts'

const scope = createScope()
afterAll(() => scope.close())

const GUESSABLE = 'password1234567'
const GOOD = 'vat-hush-lemon-orbit-9'
const BETTER = 'quiet-harbour-saddle-41-moss'

test('a guessable password is refused wherever one is set, with words that help', { timeout: 90_000 }, async () => {
  const folder = await scope.folder('strength')
  const dataDir = join(folder, 'data')
  await mkdir(dataDir, { mode: 0o700 })
  const [agentPort = 0, apiPort = 0] = await freePorts(2)
  const config = join(folder, 'rportd.conf')
  const settings = {
    server: { address: `127.0.0.1:${agentPort}`, data_dir: dataDir, allow_root: true },
    api: { address: `127.0.0.1:${apiPort}`, password_zxcvbn_minscore: 3, user_login_wait: 0 },
  }
  await writeFile(config, toToml(settings), { mode: 0o600 })
  const baseUrl = `http://127.0.0.1:${apiPort}`
  const server = startProgram(scope, { name: 'rportd', command: RPORTD, args: ['-c', config], cwd: folder })
  await until('the API answers, or the server has ended', async () => {
    if (server.hasExited) return true
    return (await fetch(`${baseUrl}/api/v1/auth/provider`)).status === 200
  })
  const command = { name: 'user', command: RPORTD, cwd: folder, limitMs: 20_000 }
  const added = await run(scope, {
    ...command,
    args: ['user', 'add', 'root', '--group', 'Administrators', '-c', config],
  })
  const admin = createApi({ baseUrl, user: 'root', password: added.output.trim().split(': ')[1] ?? '' })
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

  const ada = createApi({ baseUrl, user: 'ada', password: GOOD })
  const change = (password: string) => ada.call('PUT', '/api/v1/me', { password, old_password: GOOD })
  expect(faultOf(await change(GUESSABLE))).toEqual(refusal)

  const logIn = (new_password: string) =>
    ada.call('POST', '/api/v1/login', { username: 'ada', password: GOOD, new_password })
  expect(faultOf(await logIn(GUESSABLE))).toEqual(refusal)
  expect((await logIn(BETTER)).status).toBe(200)

  const line = `printf '%s\\n' '${GUESSABLE}' | '${RPORTD}' user password ada --password-stdin -c '${config}'`
  const typed = await run(scope, { ...command, command: '/bin/sh', args: ['-c', line] })
  expect([typed.code, typed.output]).toEqual([1, expect.stringContaining('Your password is too guessable')])
})

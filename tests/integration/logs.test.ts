import { readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN, createScope, startServer, type TestServer, until } from '../harness/index.ts'

const scope = createScope()
let server: TestServer
let logFile = ''
let accessFile = ''
beforeAll(async () => {
  const folder = await scope.folder('logs')
  logFile = join(folder, 'rportd.log')
  accessFile = join(folder, 'access.log')
  server = await startServer(scope, {
    settings: { logging: { log_file: logFile, log_format: 'json' }, api: { access_log_file: accessFile } },
  })
})
afterAll(() => scope.close())

const linesOf = async (path: string) => (await readFile(path, 'utf8')).trimEnd().split('\n')

test('each request has a line in the access log, with its user and without its secrets', async () => {
  await server.api.get('/api/v1/clients?access_token=s-3cret')
  await fetch(`http://127.0.0.1:${server.apiPort}/api/v1/status`, { headers: { 'user-agent': 'x"\\y' } })
  await until('both lines are written', async () => (await readFile(accessFile, 'utf8')).includes(' 401 '))
  const lines = await linesOf(accessFile)
  for (const line of lines)
    expect(line).toMatch(/^127\.0\.0\.1 - \S+ \[.+ \+0000\] "GET \S+ HTTP\/1\.1" \d{3} \d+ ".*" ".*"$/)
  expect(lines.join('\n')).toContain(`- ${ADMIN.user} [`)
  expect(lines.at(-1)).toContain('"x\\"\\\\y"')
  expect(lines.join('\n')).not.toContain('s-3cret')
})

test('with log_format json each line of the log is an object, and no log is for everybody', async () => {
  for (const line of await linesOf(logFile)) {
    expect(JSON.parse(line)).toMatchObject({ time: expect.any(String), level: expect.any(String), program: 'rportd' })
  }
  for (const path of [logFile, accessFile]) expect((await stat(path)).mode & 0o007).toBe(0)
})

test('after a rotation SIGHUP opens both logs anew', async () => {
  await rename(logFile, `${logFile}.old`)
  await rename(accessFile, `${accessFile}.old`)
  server.program.signal('SIGHUP')
  await until('both are there again', async () => {
    await server.api.get('/api/v1/status')
    const sizes = await Promise.all([logFile, accessFile].map(async (path) => (await stat(path)).size))
    return sizes.every((size) => size > 0)
  })
})

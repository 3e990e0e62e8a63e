import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@rport/kit'
import { createMemoryLogger } from '@rport/kit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFiles } from './files.ts'
import { createTestApp } from './testing/test-app.ts'

let folder = ''
let root = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rport-files-'))
  root = join(folder, 'docroot')
  await mkdir(join(root, 'assets'), { recursive: true })
  await mkdir(join(root, '.git'))
  await mkdir(join(root, 'docs'))
  await writeFile(join(root, 'index.html'), '<h1>start</h1>')
  await writeFile(join(root, 'docs', 'index.html'), '<h1>docs</h1>')
  await writeFile(join(root, 'assets', 'app.js'), 'let answer = 42')
  await writeFile(join(root, 'with space.txt'), 'space')
  await writeFile(join(root, '.env'), 'SECRET=1')
  await writeFile(join(root, '.git', 'config'), 'SECRET=2')
  await writeFile(join(root, 'metrics'), 'a file')
  await writeFile(join(folder, 'secret.txt'), 'SECRET=3')
  await symlink(join(root, 'assets'), join(root, 'linked'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const open = () =>
  createTestApp([], {
    files: createFiles(root, silentLogger),
    pages: [
      {
        path: '/metrics',
        auth: 'none',
        answer: async () => ({ status: 200, contentType: 'text/plain', text: 'page' }),
      },
    ],
  }).app
const get = (url: string, headers: Record<string, string> = {}) => open().inject({ method: 'GET', url, headers })

test('a file is sent with its type, and is asked for anew only when it has changed', async () => {
  const reply = await get('/assets/app.js')
  expect([reply.statusCode, reply.body]).toEqual([200, 'let answer = 42'])
  expect(reply.headers['content-type']).toMatch(/^(text|application)\/javascript/)
  expect(reply.headers['x-content-type-options']).toBe('nosniff')
  expect(reply.headers['cache-control']).toContain('must-revalidate')
  const etag = String(reply.headers['etag'])
  const again = await get('/assets/app.js', { 'if-none-match': etag })
  expect([again.statusCode, again.body]).toEqual([304, ''])
})

test('a folder shows its index.html at one address, and is never listed', async () => {
  expect((await get('/')).body).toBe('<h1>start</h1>')
  expect((await get('/docs/')).body).toBe('<h1>docs</h1>')
  const redirect = await get('/index.html')
  expect([redirect.statusCode, redirect.headers.location]).toEqual([301, './'])
  expect((await get('/assets/')).statusCode).toBe(404)
  expect((await get('/assets')).body).not.toContain('app.js')
})

test('ranges and HEAD are answered, other methods are not', async () => {
  const part = await get('/assets/app.js', { range: 'bytes=4-9' })
  expect([part.statusCode, part.body, part.headers['content-range']]).toEqual([206, 'answer', 'bytes 4-9/15'])
  expect((await get('/assets/app.js', { range: 'bytes=99-' })).statusCode).toBe(416)
  const head = await open().inject({ method: 'HEAD', url: '/assets/app.js' })
  expect([head.statusCode, head.body, head.headers['content-length']]).toEqual([200, '', '15'])
  for (const method of ['POST', 'PUT', 'DELETE'] as const)
    expect((await open().inject({ method, url: '/assets/app.js' })).statusCode).toBe(404)
})

test('names are decoded, and links inside are followed', async () => {
  expect((await get('/with%20space.txt')).body).toBe('space')
  expect((await get('/linked/app.js')).body).toBe('let answer = 42')
})

test.each(['/dashboard', '/auth', '/tunnels/7', '/inventory/x/y', '/settings?tab=1'])(
  'a page of the web interface that exists in the browser only shows the first page: %s',
  async (url) => {
    const reply = await get(url)
    expect([reply.statusCode, reply.body]).toEqual([200, '<h1>start</h1>'])
    expect(reply.headers['vary']).toBe('Origin, Accept-Encoding')
  },
)

describe('nothing outside and nothing hidden is sent', () => {
  test.each([
    '/.env',
    '/.git/config',
    '/assets/../.env',
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/..%252fsecret.txt',
    '/%00',
    '/index.html%00.js',
    '//etc/passwd',
    '/nowhere',
  ])('%s', async (url) => {
    const reply = await get(url)
    expect(reply.statusCode).toBeGreaterThanOrEqual(300)
    expect(reply.statusCode).toBeLessThan(500)
    expect(reply.body).not.toContain('SECRET')
    expect(reply.body).not.toContain('root:')
  })
})

test('the API and the pages of the server come before files', async () => {
  expect((await get('/metrics')).body).toBe('page')
  const unknown = await get('/api/v1/nowhere')
  expect([unknown.statusCode, unknown.body]).toEqual([404, '404 page not found\n'])
})

test.each([
  ['missing', /cannot be read/],
  ['secret.txt', /is no folder/],
])('what cannot be served is told at the start and stops nothing: %s', async (name, message) => {
  const log = createMemoryLogger()
  const files = createFiles(join(folder, name), log)
  await files.check()
  expect(log.lines).toMatchObject([{ level: 'warn', message: expect.stringMatching(message) }])
  const reply = await createTestApp([], { files }).app.inject({ method: 'GET', url: '/' })
  expect(reply.statusCode).toBe(404)
})

import { chmodSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DataFolder, type Finding, openDataFolder } from '@rport/host'
import { silentLogger, systemClock } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadServerConfig } from '../config/index.ts'
import { openDatabase } from '../db/index.ts'
import { writeHalf } from '../db/testing/index.ts'
import { makeCertificate } from '../tls/testing/make-certificate.ts'
import { examineServer } from './index.ts'

let root = ''
let dataDir = ''
const closers: (() => unknown)[] = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rport-doctor-'))
  dataDir = join(root, 'data')
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  rmSync(root, { recursive: true })
})

interface Surroundings {
  readonly server?: string
  readonly api?: string
  readonly rest?: string
  readonly clock?: typeof systemClock
}

async function examine({ server = '', api = '', rest = '', clock = systemClock }: Surroundings = {}) {
  const file = join(root, 'rportd.conf')
  // Port 0 is free for whoever listens, and nobody answers on it.
  const text = `[server]\naddress = "127.0.0.1:0"\ndata_dir = "${dataDir}"\n${server}\n[api]\n${api}\n${rest}\n`
  writeFileSync(file, text, { mode: 0o600 })
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const loaded = loadServerConfig({ argv: ['-c', file], env: {}, cwd: root, readFile, cpuCount: 1 })
  return examineServer(loaded, { clock, log: silentLogger })
}

const of = (findings: readonly Finding[], check: string) => findings.filter((finding) => finding.check === check)

async function takeFolder(): Promise<DataFolder> {
  const folder = await openDataFolder(dataDir, { program: 'rportd' })
  closers.push(folder.close)
  return folder
}

async function makeFolder(): Promise<void> {
  const folder = await takeFolder()
  await folder.close()
  const file = join(dataDir, 'rportd.db')
  await (await openDatabase({ file, log: silentLogger, clock: systemClock })).close()
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

const serveHttp = (status: number): Promise<number> =>
  listen(createHttpServer((_request, response) => response.writeHead(status, { Connection: 'close' }).end()))

describe('rportd doctor', () => {
  test('finds nothing wrong before the first start', async () => {
    const findings = await examine()
    expect(findings.filter(({ outcome }) => outcome === 'fail')).toEqual([])
    expect(of(findings, 'data folder')[0]?.detail).toContain('is not there yet')
  })

  test('names every wrong setting and looks at nothing else then', async () => {
    const findings = await examine({ server: 'adress = "x"\nmax_failed_login = "many"' })
    expect(findings.map(({ check, outcome }) => [check, outcome])).toEqual([
      ['configuration', 'fail'],
      ['configuration', 'fail'],
    ])
    expect(findings.map(({ detail }) => detail).join()).toContain('rportd.conf')
  })

  test('finds a whole server whole', async () => {
    await makeFolder()
    const findings = await examine({ server: 'url = "http://127.0.0.1:8080"' })
    expect(findings.filter(({ outcome }) => outcome !== 'ok')).toEqual([])
    expect(of(findings, 'database')[0]?.detail).toContain('is whole')
  })
})

describe('the data folder', () => {
  beforeEach(makeFolder)

  test.each<[string, () => void, string, Finding['outcome'], string]>([
    ['that others can read', () => chmodSync(dataDir, 0o755), 'data folder', 'warn', 'chmod 700'],
    [
      'with a secret that others can read',
      () => writeFileSync(join(dataDir, 'key_seed'), 'x', { mode: 0o644 }),
      'data folder',
      'warn',
      'chmod 600',
    ],
    [
      'with an unfinished restore',
      () => writeFileSync(join(dataDir, '.restore-unfinished'), '/a.tar.gz'),
      'data folder',
      'fail',
      'the message says how',
    ],
    [
      'with a damaged database',
      () => writeFileSync(join(dataDir, 'rportd.db'), 'no database'.repeat(500)),
      'database',
      'fail',
      'rportd restore',
    ],
    [
      'with a database that a killed start left half-written',
      () => writeHalf(join(dataDir, 'rportd.db')),
      'database',
      'warn',
      'start the server',
    ],
    [
      'with a damaged key',
      () => writeFileSync(join(dataDir, 'audit_key.pem'), 'no key'),
      'database',
      'fail',
      'rportd restore',
    ],
    [
      'with files from the future',
      () => utimesSync(join(dataDir, 'rportd.db'), 4e9, 4e9),
      'clock',
      'warn',
      'set the clock',
    ],
  ])('%s is noticed', async (_what, damage, check, outcome, fix) => {
    damage()
    const found = of(await examine(), check).filter((finding) => finding.outcome === outcome)
    expect(found).toMatchObject([{ fix: expect.stringContaining(fix) }])
  })

  test('that is a file is noticed', async () => {
    dataDir = join(root, 'rportd.conf')
    expect(of(await examine(), 'data folder')).toMatchObject([
      { outcome: 'fail', detail: expect.stringContaining('is no folder') },
    ])
  })
})

describe('ports', () => {
  test('that another program has are told', async () => {
    const port = await listen(createServer())
    const findings = await examine({ api: `address = "127.0.0.1:${port}"` })
    expect(of(findings, 'API port')).toMatchObject([
      { outcome: 'fail', fix: expect.stringContaining('another program has it') },
    ])
  })

  test('that this machine cannot have are told', async () => {
    const findings = await examine({ api: 'address = "192.0.2.1:3000"' })
    expect(of(findings, 'API port')).toMatchObject([
      { outcome: 'fail', fix: expect.stringContaining('no such address') },
    ])
  })

  test('of a running server are asked', async () => {
    await takeFolder()
    const findings = await examine({ api: `address = "127.0.0.1:${await serveHttp(404)}"` })
    expect(of(findings, 'API port')).toMatchObject([{ outcome: 'ok', detail: expect.stringContaining('is served') }])
    expect(of(findings, 'agents port')).toMatchObject([
      { outcome: 'fail', detail: expect.stringContaining('does not answer') },
    ])
  })
})

describe('published addresses', () => {
  test.each([
    [404, 'ok', 'is answered by a server of this kind'],
    [200, 'warn', 'answers 200'],
  ])('that answer %i are judged', async (status, outcome, detail) => {
    await takeFolder()
    const findings = await examine({ server: `url = "http://127.0.0.1:${await serveHttp(status)}"` })
    expect(of(findings, 'addresses')).toMatchObject([{ outcome, detail: expect.stringContaining(detail) }])
  })

  test('that lead nowhere are told', async () => {
    await takeFolder()
    const findings = await examine({ server: 'url = "http://127.0.0.1:1"' })
    expect(of(findings, 'addresses')).toMatchObject([
      { outcome: 'warn', detail: expect.stringContaining('cannot be reached') },
    ])
  })
})

describe('certificates', () => {
  const DAY_MS = 24 * 3_600_000
  const certified = async (validToAt: number, name = 'rport.example.com', change = (pem: string) => pem) => {
    const { certificate, key } = await makeCertificate({ name, validToAt, validFromAt: validToAt - 90 * DAY_MS })
    writeFileSync(join(root, 'c.pem'), change(certificate), { mode: 0o600 })
    writeFileSync(join(root, 'k.pem'), key, { mode: 0o600 })
    const api = `address = "127.0.0.1:0"\ncert_file = "${root}/c.pem"\nkey_file = "${root}/k.pem"\nbase_url = "https://rport.example.com"`
    return of(await examine({ api }), 'certificate')
  }

  test.each([
    ['is valid for long', 60, 'ok', 'is valid until'],
    ['ends soon', 5, 'warn', 'expires on'],
    ['has expired', -1, 'fail', 'has expired on'],
    ['is not valid yet', 200, 'fail', 'is not valid yet'],
  ])('that %s: %i days, %s', async (_what, days, outcome, detail) => {
    expect(await certified(Date.now() + days * DAY_MS)).toMatchObject([
      { outcome, detail: expect.stringContaining(detail) },
    ])
  })

  test('for another name is told', async () => {
    expect(await certified(Date.now() + 60 * DAY_MS, 'other.example.com')).toMatchObject([
      { outcome: 'warn', detail: expect.stringContaining('not for rport.example.com') },
    ])
    expect(await certified(Date.now() + 60 * DAY_MS, '*.example.com')).toMatchObject([{ outcome: 'ok' }])
  })

  test('that is damaged is told with its file', async () => {
    expect(await certified(Date.now() + 60 * DAY_MS, 'rport.example.com', (pem) => pem.slice(30))).toMatchObject([
      { outcome: 'fail', detail: expect.stringContaining('c.pem') },
    ])
  })

  test('that an authority has not given yet is told', async () => {
    const api = 'address = "127.0.0.1:0"\nenable_acme = true\nbase_url = "https://rport.example.com"'
    expect(of(await examine({ api }), 'certificate')).toMatchObject([
      { outcome: 'warn', detail: 'there is none for rport.example.com yet' },
    ])
  })
})

describe('unwise settings', () => {
  test.each<[string, Surroundings, string]>([
    ['a short key_seed', { server: 'key_seed = "abc"' }, 'key_seed has 3 characters'],
    ['the seed of the example', { server: 'key_seed = "<YOUR_SEED>"' }, 'which everybody knows'],
    ['proxies that are everybody', { api: 'trusted_proxies = ["0.0.0.0/0"]' }, 'in [api] trusts everybody'],
    ['an API without encryption', { api: 'address = "0.0.0.0:0"' }, 'unencrypted'],
    [
      'a proxy that nobody trusts',
      { api: 'address = "0.0.0.0:0"\nbase_url = "https://a.example.com"' },
      'only proxies of this machine are trusted',
    ],
    ['agents without credentials', { server: 'insecure_no_auth = true' }, 'agents without credentials are let in'],
    [
      'a vault whose password is missing',
      { rest: '[vault]\nunlock_file = "/none"' },
      '/none of unlock_file is not there',
    ],
  ])('%s', async (_what, settings, detail) => {
    const warnings = (await examine(settings)).filter(({ outcome }) => outcome === 'warn')
    expect(warnings.map((finding) => finding.detail).join('\n')).toContain(detail)
    for (const { fix } of warnings) expect(fix).toBeTruthy()
  })

  test('a configuration that everybody can read', async () => {
    const file = join(root, 'open.conf')
    writeFileSync(file, '', { mode: 0o644 })
    const readFile = (path: string) => readFileSync(path, 'utf8')
    const argv = ['-c', file, '--data-dir', dataDir]
    const loaded = loadServerConfig({ argv, env: {}, cwd: root, readFile, cpuCount: 1 })
    const findings = await examineServer(loaded, { clock: systemClock, log: silentLogger })
    expect(of(findings, 'configuration')[1]).toMatchObject({
      outcome: 'warn',
      fix: expect.stringContaining('chmod 640'),
    })
  })
})

describe('stores that are kept elsewhere', () => {
  test.each([
    ['users in a damaged file', 'api', '{', 'users'],
    ['credentials in a damaged file', 'server', '{', 'agents'],
  ])('%s', async (_what, section, text, check) => {
    const file = join(root, 'auth.json')
    writeFileSync(file, text)
    const findings = await examine({ [section]: `auth_file = "${file}"` })
    expect(of(findings, check)).toMatchObject([{ outcome: 'fail', detail: expect.stringContaining(file) }])
  })

  test('credentials in a good file', async () => {
    const file = join(root, 'auth.json')
    writeFileSync(file, '{"a": "secret-of-a"}')
    expect(of(await examine({ server: `auth_file = "${file}"` }), 'agents')).toMatchObject([{ outcome: 'ok' }])
  })

  test('a database that does not answer, one without the table', async () => {
    const dead = '[database]\ndb_type = "postgres"\ndb_host = "127.0.0.1:1"\ndb_user = "u"\ndb_name = "n"'
    const gone = await examine({ server: 'auth_table = "t"', rest: dead })
    expect(of(gone, '[database]')).toMatchObject([{ outcome: 'fail', fix: expect.stringContaining('db_host') }])
    const empty = `[database]\ndb_type = "sqlite"\ndb_name = "${join(dataDir, 'rportd.db')}"`
    await makeFolder()
    const lacking = await examine({ server: 'auth_table = "t"', rest: empty })
    expect(of(lacking, 'agents')).toMatchObject([{ outcome: 'fail', detail: expect.stringContaining('"t"') }])
  })
})

test('a clock that shows the past is told', async () => {
  const clock = { ...systemClock, now: () => createFakeClock(Date.UTC(1970, 0, 2)).now() }
  expect(of(await examine({ clock }), 'clock')).toMatchObject([
    { outcome: 'fail', fix: expect.stringContaining('set the clock') },
  ])
})

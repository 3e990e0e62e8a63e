import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ADMINISTRATORS } from '@rport/api'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { basic, createTestApp } from '../../http/testing/test-app.ts'
import type { AuditLog } from '../auditlog/index.ts'
import { createLockout } from '../login/index.ts'
import { createVault } from './index.ts'

const PASSWORD = 'golden-vault-1'
const groupsOf: Record<string, readonly string[]> = { admin: [ADMINISTRATORS], ada: ['operators'], bob: [] }

let db: Database
let dataDir: string
const clock = createFakeClock(Date.parse('2026-11-21T10:00:00Z'))
let log = createMemoryLogger()
let recorded: Parameters<AuditLog['record']>[0][] = []

beforeEach(async () => {
  db = await openTestDatabase()
  dataDir = mkdtempSync(join(tmpdir(), 'rport-vault-'))
  log = createMemoryLogger()
  recorded = []
})
afterEach(async () => {
  await db.close()
  rmSync(dataDir, { recursive: true, force: true })
})

/** A server process: users admin, ada (operators) and bob, all with the permission; client `closed` is for admins only. */
function start(options: { unlockFile?: string } = {}) {
  const policy = {
    permission: () => true,
    isAdmin: ({ username }: { username: string }) => username === 'admin',
    clientAccess: ({ username }: { username: string }, clientId: string) =>
      clientId !== 'closed' ? ('unknown' as const) : username === 'admin' ? ('allowed' as const) : ('denied' as const),
  }
  const vault = createVault({
    db,
    dataDir,
    unlockFile: options.unlockFile,
    lockout: createLockout({ waitMs: 2000, maxFailed: 0, banMs: 0, clock, log }),
    policy,
    audit: { record: async (event) => void recorded.push(event) },
    clock,
    log,
  })
  const { app } = createTestApp([vault.routes], {
    accessPolicy: policy,
    authenticator: {
      basic: async (username, _password, { origin }) => ({
        kind: 'actor',
        actor: { username, groups: groupsOf[username] ?? [], proof: 'password', address: origin.address },
      }),
      bearer: () => Promise.reject(new Error('no bearer in these tests')),
      anonymous: () => Promise.reject(new Error('no anonymous requests in these tests')),
    },
    config: { maxRequestBytes: 100_000, cors: { origins: [], answersPreflight: false }, strictContract: true },
  })
  const ask = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, user = 'admin') => {
    const reply = await app.inject({
      method,
      url: `/api/v1${path}`,
      headers: basic(user),
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    })
    const json = reply.body === '' ? undefined : JSON.parse(reply.body)
    return { status: reply.statusCode, data: json?.data, title: json?.errors?.[0]?.title, errors: json?.errors, reply }
  }
  return { vault, ask }
}

async function unlocked() {
  const server = start()
  expect((await server.ask('POST', '/vault-admin/init', { password: PASSWORD })).status).toBe(201)
  return server
}
const text = (key: string, value = 's3cret!', more: object = {}) => ({ key, value, type: 'text', ...more })

describe('a vault', () => {
  it('is made once, locked, and unlocked with its password only', async () => {
    const { ask } = start()
    expect((await ask('GET', '/vault-admin')).data).toEqual({ init: 'uninitialized', status: '' })
    expect(await ask('POST', '/vault-admin/sesame', { password: PASSWORD })).toMatchObject({
      status: 409,
      title: 'vault is not yet initialized',
    })
    expect(await ask('DELETE', '/vault-admin/sesame')).toMatchObject({ status: 409, title: 'vault is already locked' })
    for (const password of ['abc', 'a'.repeat(33), 'ééééééééééééééééé']) {
      expect((await ask('POST', '/vault-admin/init', { password })).status).toBe(400)
    }
    expect((await ask('POST', '/vault-admin/init', { password: PASSWORD })).status).toBe(201)
    expect((await ask('GET', '/vault-admin')).data).toEqual({ init: 'setup-completed', status: 'unlocked' })
    expect(await ask('POST', '/vault-admin/init', { password: PASSWORD })).toMatchObject({
      status: 409,
      title: 'vault is already initialized',
    })
    expect(await ask('POST', '/vault-admin/sesame', { password: PASSWORD })).toMatchObject({
      status: 409,
      title: 'vault is already unlocked',
    })
    expect((await ask('DELETE', '/vault-admin/sesame')).status).toBe(204)
    expect((await ask('GET', '/vault-admin')).data).toEqual({ init: 'setup-completed', status: 'locked' })
    expect(await ask('POST', '/vault-admin/sesame', { password: 'wrong' })).toMatchObject({
      status: 401,
      title: 'wrong password provided',
    })
    await clock.advance(2000)
    expect((await ask('POST', '/vault-admin/sesame', { password: PASSWORD })).status).toBe(201)
  })

  it('is locked after a restart, and its values survive', async () => {
    const { ask } = await unlocked()
    const { id } = (await ask('POST', '/vault', text('note'))).data
    const again = start()
    expect(await again.ask('GET', `/vault/${id}`)).toMatchObject({ status: 409, title: 'vault is locked' })
    expect((await again.ask('POST', '/vault-admin/sesame', { password: PASSWORD })).status).toBe(201)
    expect((await again.ask('GET', `/vault/${id}`)).data).toMatchObject({ value: 's3cret!', updated_by: 'admin' })
  })

  it('refuses everything about values while it is locked', async () => {
    const { ask } = await unlocked()
    await ask('POST', '/vault', text('note'))
    await ask('DELETE', '/vault-admin/sesame')
    for (const [method, path, body] of [
      ['GET', '/vault', undefined],
      ['POST', '/vault', text('b')],
      ['GET', '/vault/1', undefined],
      ['PUT', '/vault/1', text('b')],
      ['DELETE', '/vault/1', undefined],
    ] as const) {
      expect(await ask(method, path, body)).toMatchObject({ status: 409, title: 'vault is locked' })
    }
  })

  it('makes guessers wait, and judges guesses one after the other', async () => {
    const { ask } = await unlocked()
    await ask('DELETE', '/vault-admin/sesame')
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((password) => ask('POST', '/vault-admin/sesame', { password })),
    )
    expect(answers.map(({ status }) => status)).toEqual([401, 429, 429])
    expect((await ask('POST', '/vault-admin/sesame', { password: PASSWORD })).status).toBe(429)
    await clock.advance(2000)
    expect((await ask('POST', '/vault-admin/sesame', { password: PASSWORD })).status).toBe(201)
  })

  it('is for administrators to make, lock and unlock', async () => {
    const { ask } = start()
    expect((await ask('POST', '/vault-admin/init', { password: PASSWORD }, 'ada')).status).toBe(403)
    expect((await ask('POST', '/vault-admin/sesame', { password: PASSWORD }, 'ada')).status).toBe(403)
    expect((await ask('DELETE', '/vault-admin/sesame', undefined, 'ada')).status).toBe(403)
  })
})

describe('values', () => {
  it('are stored, shown, changed and deleted', async () => {
    const { ask } = await unlocked()
    const created = await ask('POST', '/vault', { ...text('note'), client_id: 'agent-alpha' })
    expect(created).toMatchObject({ status: 201, data: { id: 1 } })
    expect(created.reply.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect((await ask('PUT', '/vault/1', text('note', 'changed', { type: 'secret' }))).data).toEqual({ id: 1 })
    expect((await ask('GET', '/vault/1')).data).toEqual({
      id: 1,
      client_id: '',
      required_group: '',
      key: 'note',
      value: 'changed',
      type: 'secret',
      created_at: expect.any(String),
      updated_at: expect.any(String),
      created_by: 'admin',
      updated_by: 'admin',
    })
    expect((await ask('DELETE', '/vault/1')).status).toBe(204)
    expect(await ask('GET', '/vault/1')).toMatchObject({
      status: 404,
      title: 'Cannot find a vault value by the provided id: 1',
    })
    expect(await ask('PUT', '/vault/1', text('x'))).toMatchObject({
      status: 404,
      title: 'cannot find entry by the provided existingID',
    })
    expect((await ask('DELETE', '/vault/1')).status).toBe(404)
    expect((await ask('POST', '/vault', text('other'))).data).toEqual({ id: 2 })
  })

  it('need key, value and a known type, and every fault is told at once', async () => {
    const { ask } = await unlocked()
    const titles = (errors: { title: string }[]) => errors.map(({ title }) => title)
    expect(titles((await ask('POST', '/vault', {})).errors)).toEqual([
      'key is required',
      'value is required',
      'value type is required',
    ])
    expect((await ask('POST', '/vault', text('a', 'b', { type: 'number' }))).title).toBe(
      'unknown or invalid value value type number',
    )
    expect((await ask('POST', '/vault', text('k'.repeat(501)))).title).toBe('key is longer than 500 characters')
  })

  it('have one key for each client', async () => {
    const { ask } = await unlocked()
    await ask('POST', '/vault', { ...text('note'), client_id: 'alpha' })
    const second = await ask('POST', '/vault', { ...text('note'), client_id: 'beta' })
    expect(second.status).toBe(201)
    const title = "another key 'note' exists for this client 'alpha'"
    expect(await ask('POST', '/vault', { ...text('note'), client_id: 'alpha' })).toMatchObject({ status: 409, title })
    expect(await ask('PUT', '/vault/2', { ...text('note'), client_id: 'alpha' })).toMatchObject({ status: 409, title })
  })

  it('of a group open for its members only, administrators included', async () => {
    const { ask } = await unlocked()
    await ask('POST', '/vault', text('pw', 's3cret!', { required_group: 'operators' }))
    for (const user of ['admin', 'bob']) {
      expect(await ask('GET', '/vault/1', undefined, user)).toMatchObject({
        status: 403,
        title: "your group doesn't allow access to this value",
      })
      expect((await ask('PUT', '/vault/1', text('pw'), user)).status).toBe(403)
      expect((await ask('DELETE', '/vault/1', undefined, user)).status).toBe(403)
    }
    expect((await ask('GET', '/vault/1', undefined, 'ada')).data.value).toBe('s3cret!')
  })

  it('of a client are for those who have access to it', async () => {
    const { ask } = await unlocked()
    await ask('POST', '/vault', { ...text('note'), client_id: 'closed' })
    await ask('POST', '/vault', text('mine'), 'ada')
    expect((await ask('GET', '/vault/1', undefined, 'ada')).status).toBe(403)
    expect((await ask('DELETE', '/vault/1', undefined, 'ada')).status).toBe(403)
    expect((await ask('POST', '/vault', { ...text('x'), client_id: 'closed' }, 'ada')).status).toBe(403)
    expect((await ask('PUT', '/vault/2', { ...text('x'), client_id: 'closed' }, 'ada')).status).toBe(403)
    expect((await ask('GET', '/vault', undefined, 'ada')).data).toMatchObject([{ key: 'mine' }])
  })

  it('are listed by what the caller may see, filtered and sorted', async () => {
    const { ask } = await unlocked()
    await ask('POST', '/vault', text('b', 'x', { required_group: 'operators' }))
    await ask('POST', '/vault', text('a'))
    const keysOf = async (user: string, query = '') =>
      (await ask('GET', `/vault?${query}`, undefined, user)).data.map(({ key }: { key: string }) => key)
    expect(await keysOf('admin')).toEqual(['b', 'a'])
    expect(await keysOf('admin', 'sort=key&page[limit]=1')).toEqual(['a', 'b'])
    expect(await keysOf('admin', 'filter[id]=2')).toEqual(['a'])
    expect(await keysOf('ada')).toEqual(['b', 'a'])
    expect(await keysOf('bob')).toEqual(['a'])
    expect((await ask('GET', '/vault?filter[value]=x')).title).toBe("unsupported filter field 'filter[value]'")
  })

  it.each([
    ['abc', 'Non-numeric integer value provided: abc for param vault_value_id'],
    ['1e3', 'Non-numeric integer value provided: 1e3 for param vault_value_id'],
    ['0', 'missing "vault_value_id" route param'],
  ])('have numbers, and %s is none', async (id, title) => {
    expect(await (await unlocked()).ask('GET', `/vault/${id}`)).toMatchObject({ status: 400, title })
  })

  it('do not open when their row was changed or moved', async () => {
    const { ask } = await unlocked()
    await ask('POST', '/vault', text('pw', 's3cret!', { required_group: 'operators' }))
    await db.write((trx) => sql`update vault_values set required_group = ''`.execute(trx))
    const reply = await ask('GET', '/vault/1')
    expect(reply.status).toBe(500)
    expect(reply.reply.body).not.toContain('s3cret!')
  })

  it('are nowhere in clear', async () => {
    const { ask } = await unlocked()
    await ask('POST', '/vault', text('note', 'very-s3cret-value'))
    await ask('GET', '/vault/1')
    const { rows } = await sql<{ file: string }>`select file from pragma_database_list`.execute(db.read)
    const file = rows[0]?.file ?? ''
    for (const path of [file, `${file}-wal`]) {
      const bytes = readFileSync(path)
      expect(bytes.includes('very-s3cret-value')).toBe(false)
      expect(bytes.includes(PASSWORD)).toBe(false)
    }
    expect(log.text()).not.toContain('very-s3cret-value')
    expect(log.text()).not.toContain(PASSWORD)
  })
})

describe('unlock_file', () => {
  const fileWith = (content: string) => {
    const file = join(dataDir, 'unlock')
    writeFileSync(file, content, { mode: 0o600 })
    return file
  }

  it('unlocks the vault at the start and says so in the audit log', async () => {
    await (await unlocked()).ask('POST', '/vault', text('note'))
    const { vault, ask } = start({ unlockFile: fileWith(`${PASSWORD}\n`) })
    await vault.start()
    expect((await ask('GET', '/vault/1')).data.value).toBe('s3cret!')
    expect(recorded).toMatchObject([{ application: 'vault', action: 'unlock' }])
  })

  it('with a wrong password, or missing, leaves it locked with a word in the log', async () => {
    await unlocked()
    for (const unlockFile of [fileWith('wrong'), join(dataDir, 'absent')]) {
      const { vault, ask } = start({ unlockFile })
      await vault.start()
      expect((await ask('GET', '/vault-admin')).data.status).toBe('locked')
    }
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(2)
  })

  it('does nothing while there is no vault', async () => {
    const { vault, ask } = start({ unlockFile: fileWith(PASSWORD) })
    await vault.start()
    expect((await ask('GET', '/vault-admin')).data.init).toBe('uninitialized')
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('a vault of the original', () => {
  const sealAsOriginal = (value: string, password = PASSWORD) => {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', createHash('sha256').update(password).digest(), nonce)
    return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]).toString('base64')
  }
  const leave = (secondValue = sealAsOriginal('old secret')) => {
    const file = new DatabaseSync(join(dataDir, 'vault.sqlite.db'))
    file.exec(`create table "values" (id integer primary key autoincrement, client_id text, required_group text, created_at text,
      created_by text, updated_at text, updated_by text, key text, value text, type text);
      create table status (id integer primary key, db_status text, enc_check text, dec_check text)`)
    file.prepare("insert into status values (1, 'setup-completed', ?, 'x')").run(sealAsOriginal('1700000000'))
    const insert = file.prepare('insert into "values" values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    insert.run(
      3,
      'agent-1',
      '',
      '2024-09-12T21:43:23+07:00',
      'ada',
      null,
      null,
      'note',
      sealAsOriginal('hello'),
      'text',
    )
    insert.run(
      7,
      '',
      'operators',
      '2024-09-12T21:43:23Z',
      'ada',
      '2024-10-01T00:00:00Z',
      'bob',
      'pw',
      secondValue,
      'secret',
    )
    file.close()
  }

  it('counts as a locked one, and is sealed anew when its password is given', async () => {
    leave()
    const { ask } = start()
    expect((await ask('GET', '/vault-admin')).data).toEqual({ init: 'setup-completed', status: 'locked' })
    expect((await ask('POST', '/vault-admin/init', { password: 'another' })).status).toBe(409)
    expect((await ask('POST', '/vault-admin/sesame', { password: 'wrong' })).status).toBe(401)
    await clock.advance(2000)
    expect((await ask('POST', '/vault-admin/sesame', { password: PASSWORD })).status).toBe(201)
    expect((await ask('GET', '/vault/3')).data).toMatchObject({
      value: 'hello',
      created_at: '2024-09-12T14:43:23Z',
      updated_by: 'ada',
    })
    expect((await ask('GET', '/vault/7', undefined, 'ada')).data).toMatchObject({
      value: 'old secret',
      updated_by: 'bob',
    })
    expect((await ask('POST', '/vault', text('new'))).data).toEqual({ id: 8 })
    const again = start()
    expect((await again.ask('POST', '/vault-admin/sesame', { password: PASSWORD })).status).toBe(201)
    expect((await again.ask('GET', '/vault/3')).data.value).toBe('hello')
  })

  it('is taken over whole or not at all', async () => {
    leave('bm8gc2VhbGVkIHZhbHVlIGF0IGFsbCwgYnV0IGxvbmcgZW5vdWdo')
    const { ask } = start()
    expect((await ask('POST', '/vault-admin/sesame', { password: PASSWORD })).status).toBe(500)
    expect((await ask('GET', '/vault-admin')).data.status).toBe('locked')
    const { rows } = await sql<{ n: number }>`select count(*) as n from vault_values`.execute(db.read)
    expect(rows[0]?.n).toBe(0)
  })

  it('that is no database is told to the log and counts as none', async () => {
    writeFileSync(join(dataDir, 'vault.sqlite.db'), 'no database at all'.repeat(100))
    const { ask } = start()
    expect((await ask('GET', '/vault-admin')).data.init).toBe('uninitialized')
    expect(log.text()).toContain('vault of the original cannot be read')
  })
})

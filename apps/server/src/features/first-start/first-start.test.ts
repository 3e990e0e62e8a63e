import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, silentLogger, systemClock } from '@rport/kit'
import { createMemoryLogger } from '@rport/kit/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { createPasswords } from '../../passwords/index.ts'
import { createEmbeddedClientAuths, type EmbeddedClientAuths } from '../clients-auth/index.ts'
import { createEmbeddedUsers, type EmbeddedUsers } from '../users/index.ts'
import { parseNote, renderNote } from './first-start-note.ts'
import { type FirstStartDeps, loadKeySeed, prepareFirstStart } from './index.ts'
import { randomSecret } from './random-secret.ts'

const passwords = createPasswords({ clock: systemClock })
const server = {
  connectUrl: 'http://server:8080',
  fingerprint: '4e:7c:f8',
  agentFlags: '',
  apiUrl: 'http://127.0.0.1:3000',
}

let dataDir: string
let db: Database
let users: EmbeddedUsers
let clientAuths: EmbeddedClientAuths
let file: string

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'rport-first-'))
  file = join(dataDir, 'first-start.txt')
  db = await openTestDatabase()
  users = createEmbeddedUsers({ db, clock: systemClock, log: silentLogger })
  clientAuths = createEmbeddedClientAuths({ db, passwords, writable: true, clock: systemClock })
})
afterEach(async () => {
  await db.close()
  rmSync(dataDir, { recursive: true })
})

const prepare = (extra: Partial<FirstStartDeps> = {}) =>
  prepareFirstStart({ users, clientAuths, passwords, dataDir, server, log: silentLogger, ...extra })

const canLogIn = async (note: string) => {
  const { admin, clientAuth } = parseNote(note)
  const user = await users.find(admin?.name ?? '')
  return {
    admin: await passwords.verify(user?.password, admin?.password ?? '', 'argon2id'),
    agent: await clientAuths.verify(clientAuth?.name ?? '', clientAuth?.password ?? ''),
  }
}

describe('the first start', () => {
  it('makes an administrator and an agent credential that work, and shows the line that starts an agent', async () => {
    const unseen = await prepare()
    const note = unseen?.note ?? ''
    expect(await canLogIn(note)).toEqual({ admin: true, agent: true })
    expect(await users.find('admin')).toMatchObject({ groups: ['Administrators'], passwordExpired: false })
    expect(note).toMatch(/^ {2}bin\/rport --auth clientAuth1:\w{24} --fingerprint 4e:7c:f8 http:\/\/server:8080$/m)
    expect(note).toContain('http://127.0.0.1:3000')
  })

  it('keeps the note in a private file until somebody has seen it', async () => {
    const unseen = await prepare()
    expect(unseen?.file).toBe(file)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toBe(unseen?.note)
    await unseen?.seen()
    await unseen?.seen()
    expect(existsSync(file)).toBe(false)
    expect(await prepare()).toBeUndefined()
  })

  it('shows the same secrets again when nobody has seen them', async () => {
    const first = await prepare()
    expect((await prepare())?.note).toBe(first?.note)
  })

  it('forgets a note that is no longer true', async () => {
    await prepare()
    await users.update('admin', { password: await passwords.hash('another-password', 'argon2id') })
    const second = await prepare()
    expect(parseNote(second?.note ?? '')).toMatchObject({ admin: undefined, clientAuth: { name: 'clientAuth1' } })
    await db.write((trx) => trx.deleteFrom('client_auths').execute())
    await clientAuths.create('other', 'secret-of-another', 'generated')
    expect(await prepare()).toBeUndefined()
    expect(existsSync(file)).toBe(false)
  })

  it('puts no secret into the log', async () => {
    const log = createMemoryLogger()
    const { admin, clientAuth } = parseNote((await prepare({ log }))?.note ?? '')
    expect(log.lines.map((line) => line.message)).toEqual(['first administrator made', 'first agent credential made'])
    expect(log.text()).not.toContain(admin?.password)
    expect(log.text()).not.toContain(clientAuth?.password)
  })

  it('leaves stores alone that are kept elsewhere or not empty', async () => {
    expect(await prepare({ users: undefined, clientAuths: undefined })).toBeUndefined()
    await users.create({ username: 'ada', password: 'x', groups: [], passwordExpired: false, twoFaSendTo: '' })
    const unseen = await prepare()
    expect(parseNote(unseen?.note ?? '')).toMatchObject({ admin: undefined, clientAuth: { name: 'clientAuth1' } })
    expect(await users.find('admin')).toBeUndefined()
  })
})

describe('a first start that is killed', () => {
  const killed = new Error('killed')
  const die = async () => {
    throw killed
  }

  it.each<[string, () => Partial<FirstStartDeps>]>([
    ['before the administrator is stored', () => ({ users: { ...users, create: die } })],
    ['between administrator and credential', () => ({ clientAuths: { ...clientAuths, create: die } })],
  ])('%s goes on with the same secrets', async (_when, extra) => {
    await expect(prepare(extra())).rejects.toBe(killed)
    const written = readFileSync(file, 'utf8')
    const unseen = await prepare()
    expect(unseen?.note).toBe(written)
    expect(await canLogIn(written)).toEqual({ admin: true, agent: true })
  })

  it('starts over when its note is unreadable', async () => {
    writeFileSync(file, 'half of a no', { mode: 0o600 })
    const unseen = await prepare()
    expect(await canLogIn(unseen?.note ?? '')).toEqual({ admin: true, agent: true })
  })
})

describe('the seed of the host key', () => {
  const load = (configured?: Secret) => loadKeySeed({ configured, dataDir, log: silentLogger })

  it('is the configured one when there is one, and nothing is written then', async () => {
    expect((await load(new Secret('mine'))).reveal()).toBe('mine')
    expect(existsSync(join(dataDir, 'key_seed'))).toBe(false)
  })

  it('is made once, long and random, and kept in a private file', async () => {
    const made = (await load()).reveal()
    expect(made).toMatch(/^\w{48}$/)
    expect(statSync(join(dataDir, 'key_seed')).mode & 0o777).toBe(0o600)
    expect((await load()).reveal()).toBe(made)
  })

  it('is never replaced when its file is damaged', async () => {
    writeFileSync(join(dataDir, 'key_seed'), '')
    await expect(load()).rejects.toThrow('key_seed is empty')
  })
})

it('secrets have no characters that look alike, and are never the same', () => {
  const secrets = Array.from({ length: 200 }, randomSecret)
  expect(new Set(secrets).size).toBe(200)
  for (const secret of secrets) expect(secret).toMatch(/^[2-9a-km-zA-HJ-NP-Z]{24}$/)
})

it('a note without an API or without agents says nothing of them', () => {
  const credential = { name: 'n', password: 'p' }
  expect(renderNote({ admin: credential, clientAuth: undefined }, { ...server, apiUrl: undefined })).not.toMatch(
    /API|agents|rport --auth/,
  )
})

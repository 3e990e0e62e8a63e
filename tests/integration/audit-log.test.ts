import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createScope, RPORTD, run, startServer, type TestServer } from '../harness/index.ts'

/** Each round is a start, an unlocking, a stream of writes and a kill. */
const ROUNDS = 10
const WRITERS = 8
const STORY_LIMIT_MS = 180_000
const SECRET = 'n0b0dy-reads-this'
const VAULT_PASSWORD = 'kill-me-softly-1'

describe('kill -9 during a stream of writes', { timeout: STORY_LIMIT_MS }, () => {
  const scope = createScope()
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(scope)
    const made = await server.api.call('POST', '/api/v1/vault-admin/init', { password: VAULT_PASSWORD })
    expect(made.status).toBe(201)
  }, STORY_LIMIT_MS)
  afterAll(() => scope.close())

  test('every acknowledged write is there, each has its entry, and the chain verifies', async () => {
    const acknowledged = new Set<string>()
    for (let round = 0; round < ROUNDS; round += 1) {
      await writeUntilKilled(round, acknowledged)
      await server.start()
      const unlocked = await server.api.call('POST', '/api/v1/vault-admin/sesame', { password: VAULT_PASSWORD })
      expect(unlocked.status).toBe(201)
    }
    expect(acknowledged.size).toBeGreaterThanOrEqual(ROUNDS * 5)
    const kept = (await server.api.get('/api/v1/vault')).json.data as { id: number; key: string }[]
    const keys = new Set(kept.map(({ key }) => key))
    expect([...acknowledged].filter((key) => !keys.has(key))).toEqual([])
    const ids = new Set(await createdIds())
    // Written without being acknowledged is possible; changed without an entry is not.
    const unlisted = kept.filter(({ id, key }) => !ids.has(String(id)) && !interrupted.has(key))
    expect(unlisted).toEqual([])
    await server.program.stop()
    const verdict = await audit('verify')
    expect(verdict).toMatchObject({ code: 0, output: expect.stringContaining('The audit log is whole.') })
    // What the log of the server says about it, unmasked, is what a collector elsewhere can hold against it.
    expect(server.program.output).toContain(`rowHash=${/with hash (\S+)/.exec(verdict.output)?.[1]} `)
  })

  test('entries of the original are imported once, and the log is whole', async () => {
    const folder = await scope.folder('original')
    const file = new DatabaseSync(join(folder, 'auditlog.db'))
    file.exec(`create table auditlog (timestamp date not null, application text not null, action text not null, username text,
      remote_ip text, affected_id text, client_id text, client_hostname text, request text, response text);
      insert into auditlog values ('2025-10-21 18:28:21.505352625+07:00', 'client.group', 'create', 'ada', '192.0.2.7', 'old', '', '', '', '')`)
    file.close()
    const imported = await audit('import', join(folder, 'auditlog.db'))
    expect(imported).toMatchObject({ code: 0, output: expect.stringContaining('1 entry imported') })
    const again = await audit('import', join(folder, 'auditlog.db'))
    expect(again).toMatchObject({ code: 0, output: expect.stringContaining('nothing that was not imported before') })
    expect((await audit('verify')).output).toContain('The audit log is whole.')
    expect((await audit('import')).code).toBe(2)
  })

  test('an entry that was changed behind the back of the server is found', async () => {
    const file = new DatabaseSync(join(server.dataDir, 'rportd.db'))
    file.exec("update audit_log set username = 'nobody' where seq = 3")
    file.close()
    const verdict = await audit('verify')
    expect(verdict).toMatchObject({ code: 1, output: expect.stringContaining('row 3 was changed') })
  })

  test('the export has every entry, and unknown words are explained', async () => {
    const exported = await audit('export', '--from', '2')
    const rows = exported.output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number })
    expect(rows[0]?.seq).toBe(2)
    expect(rows.length).toBeGreaterThan(50)
    expect(exported.output).not.toContain(SECRET)
    expect(exported.output).not.toContain(VAULT_PASSWORD)
    expect((await audit('export', '--format', 'syslog', '--from', '2')).output).toMatch(/^<110>1 /)
    expect(await audit('forget')).toMatchObject({
      code: 2,
      output: expect.stringContaining('Usage: rportd audit verify'),
    })
    expect((await audit('export', '--from', 'x')).code).toBe(2)
  })

  /** Keys whose entry says that the server ended in the middle. */
  const interrupted = new Set<string>()

  async function writeUntilKilled(round: number, acknowledged: Set<string>): Promise<void> {
    const enough = Promise.withResolvers<void>()
    let count = 0
    const write = async (writer: number) => {
      for (let index = 0; ; index += 1) {
        const key = `${round}-${writer}-${index}`
        const body = { key, value: SECRET, type: 'text' }
        const reply = await server.api.call('POST', '/api/v1/vault', body).catch(() => undefined)
        // The connection is gone: whatever was not acknowledged may be there or not.
        if (!reply) return
        expect(reply.status).toBe(201)
        acknowledged.add(key)
        count += 1
        if (count >= 5 + round * 3) enough.resolve()
      }
    }
    const writers = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
    await Promise.race([enough.promise, writers])
    await server.program.kill()
    await writers
  }

  async function createdIds(): Promise<string[]> {
    const ids: string[] = []
    for (let offset = 0; ; offset += 100) {
      const query = `filter[application]=vault&filter[action]=create&page[limit]=100&page[offset]=${offset}`
      const rows = (await server.api.get(`/api/v1/auditlog?${query}`)).json.data as Record<string, string>[]
      for (const row of rows) {
        if (row['response']?.includes('interrupted')) interrupted.add(JSON.parse(row['request'] ?? '{}').key)
        else ids.push(row['affected_id'] ?? '')
      }
      if (rows.length < 100) return ids
    }
  }

  const audit = (...words: string[]) =>
    run(scope, { name: 'rportd audit', command: RPORTD, args: ['audit', ...words, '--data-dir', server.dataDir] })
})

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import {
  AGENT_AUTH,
  createScope,
  KEY_SEED,
  launchAgent,
  startHttpTarget,
  startUserServer,
  until,
} from '../harness/index.ts'

const scope = createScope()
afterAll(() => scope.close())

/** Letters that nothing else has. */
const NAME = 'zoe-quxwvy'
const NEW_NAME = 'zoe-jkpqzw'
const PASSWORD = 'vat-hush-lemon-orbit-9'
/** Where names of users may stand: a new table belongs here, and into the steps of the test. */
const TABLES_WITH_NAMES = [
  'api_tokens',
  'audit_log',
  'clients',
  'factor_waits',
  'recovery_codes',
  'sessions',
  'totp_steps',
  'user_groups',
  'users',
  'vault_values',
]

/** Tables that have a text in any of their columns, found by looking into every one. */
function tablesWith(file: string, text: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
    return tables
      .map(({ name }) => String(name))
      .filter((name) => JSON.stringify(database.prepare(`select * from "${name}"`).all(), asText).includes(text))
      .sort()
  } finally {
    database.close()
  }
}
const asText = (_key: string, value: unknown) =>
  value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : typeof value === 'bigint' ? `${value}` : value

/** What only second factors write. */
function addFactors(file: string, username: string): void {
  const database = new DatabaseSync(file, { timeout: 5000 })
  const at = Date.now() + 600_000
  database
    .prepare(
      "insert into factor_waits (session_id, username, code_hash, totp_secret, failures, expires_at) values (1, ?, '', '', 0, ?)",
    )
    .run(username, at)
  database.prepare('insert into totp_steps (username, last_step) values (?, 1)').run(username)
  database.prepare("insert into recovery_codes (username, secret_hash, code_hash) values (?, 'x', 'y')").run(username)
  database.close()
}

test('of a user who is renamed and deleted the audit log keeps the names, and no other table does', {
  timeout: 90_000,
}, async () => {
  const settings = { server: { key_seed: KEY_SEED, auth: AGENT_AUTH }, api: { user_login_wait: 0 } }
  const server = await startUserServer(scope, { settings })
  const api = server.as('root', await server.addUser('root', '--group', 'Administrators'))
  const database = join(server.dataDir, 'rportd.db')
  const page = await startHttpTarget(scope)
  await launchAgent(scope, { id: 'machine', address: `127.0.0.1:${server.agentPort}` })
  await until('the agent is connected', async () => (await api.client('machine'))?.connection_state === 'connected')
  const make = (username: string) =>
    api.call('POST', '/api/v1/users', { username, password: PASSWORD, groups: ['Administrators', 'operators'] })
  expect((await api.call('POST', '/api/v1/vault-admin/init', { password: 'the vault of the test' })).status).toBe(201)
  const value = { client_id: '', required_group: '', key: 'k', value: 'v', type: 'text' }

  expect((await make(NAME)).status).toBe(201)
  const zoe = server.as(NAME, PASSWORD)
  expect((await zoe.get('/api/v1/login')).status).toBe(200)
  expect((await zoe.call('POST', '/api/v1/me/tokens', { name: 'n', scope: 'read' })).status).toBe(200)
  const added = await zoe.call('POST', '/api/v1/vault', value)
  expect(added.status).toBeLessThan(300)
  const tunnel = await zoe.openTunnel('machine', { remote: page.port })
  addFactors(database, NAME)
  expect(tablesWith(database, NAME)).toEqual(TABLES_WITH_NAMES)

  expect((await api.call('PUT', `/api/v1/users/${NAME}`, { username: NEW_NAME })).status).toBe(204)
  const entryOf = async () => (await api.get(`/api/v1/vault/${added.json.data.id}`)).json.data
  const ownerNow = async () => (await api.client('machine'))?.tunnels.find(({ id }) => id === tunnel.id)?.owner
  expect(tablesWith(database, NAME)).toEqual(['audit_log'])
  expect([(await entryOf()).created_by, await ownerNow()]).toEqual([NEW_NAME, NEW_NAME])

  expect((await api.call('DELETE', `/api/v1/users/${NEW_NAME}`)).status).toBe(204)
  expect(tablesWith(database, NEW_NAME)).toEqual(['audit_log'])
  // The value and the tunnel are still there, and are nobody's: also not of whoever gets the name.
  expect((await make(NEW_NAME)).status).toBe(201)
  expect(await entryOf()).toMatchObject({ value: 'v', created_by: '', updated_by: '' })
  expect(await ownerNow()).toBe('')
})

/**
 * What a row of the audit log costs, amortised over writes that arrive together, beside the yardstick of the same run: a plain
 * insert of the same values without chain, intent or query builder.
 * Run: `node bench/audit-log.ts [rows]`. The aim is 50 µs of processor time for each audited operation.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { tunnels } from '@rport/api'
import { silentLogger, systemClock } from '@rport/kit'
import { openDatabase } from '../apps/server/src/db/index.ts'
import { createAuditLog, loadAuditKey } from '../apps/server/src/features/auditlog/index.ts'
import type { Actor } from '../apps/server/src/http/index.ts'

const ROWS = Number(process.argv[2] ?? 50_000)
/** Operations that are under way at the same time. */
const WIDTH = 250
const REQUEST = { name: 'web', protocol: 'tcp', lport: '20001', rhost: '127.0.0.1', rport: '8080', auth_password: 'x' }

/** Wall and processor time of `work` for one row, in microseconds. */
async function measure(work: () => Promise<void>): Promise<string> {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  await work()
  const wallUs = (performance.now() - startedAt) * 1000
  const { user, system } = process.cpuUsage(cpu)
  return `${(wallUs / ROWS).toFixed(1)} µs wall, ${((user + system) / ROWS).toFixed(1)} µs processor`
}

/** Does `work` for every row, `WIDTH` of them at the same time. */
async function sideBySide(work: () => Promise<void>): Promise<void> {
  let left = ROWS
  const operate = async () => {
    while (left > 0) {
      left -= 1
      await work()
    }
  }
  await Promise.all(Array.from({ length: WIDTH }, operate))
}

const folder = mkdtempSync(join(tmpdir(), 'rport-bench-'))
try {
  const plain = new DatabaseSync(join(folder, 'plain.db'))
  plain.exec(`pragma journal_mode = wal; pragma synchronous = full; create table audit_log (seq integer primary key,
    logged_at, username, remote_ip, application, action, affected_id, client_id, client_hostname, request, response);
    create index a on audit_log (logged_at); create index b on audit_log (username); create index c on audit_log (affected_id)`)
  const insert = plain.prepare('insert into audit_log values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const request = JSON.stringify(REQUEST)
  const yardstick = await measure(async () => {
    for (let seq = 1; seq <= ROWS; seq += 1) {
      if (seq % WIDTH === 1) plain.exec('begin')
      const values = ['admin', '127.0.0.1', 'client.tunnel', 'create', randomUUID(), 'agent-1', 'host-1', request, '']
      insert.run(seq, Date.now(), ...values)
      if (seq % WIDTH === 0 || seq === ROWS) plain.exec('commit')
    }
  })
  plain.close()
  process.stdout.write(`plain insert, ${WIDTH} a commit:   ${yardstick}\n`)

  const db = await openDatabase({ file: join(folder, 'rportd.db'), clock: systemClock, log: silentLogger })
  const audit = createAuditLog({
    db,
    enabled: true,
    obfuscateAddresses: false,
    rotation: 'yearly',
    dataDir: folder,
    key: await loadAuditKey({ dataDir: folder, log: silentLogger }),
    hostnameOf: () => 'host-1',
    isAdmin: () => true,
    clock: systemClock,
    log: silentLogger,
  })
  const event = { username: 'admin', address: '127.0.0.1', application: 'client.tunnel', action: 'create' }
  const cost = await measure(() =>
    sideBySide(() => audit.record({ ...event, affectedId: randomUUID(), clientId: 'agent-1', request: REQUEST })),
  )
  process.stdout.write(`audit row, ${WIDTH} at once:       ${cost}\n`)

  const actor: Actor = { username: 'admin', groups: [], proof: 'session', address: '127.0.0.1' }
  const origin = { address: actor.address, userAgent: '' }
  const spec = tunnels.endpoints.create
  const params = { client_id: 'agent-1' }
  const call = { spec, actor, claimedName: 'admin', origin, params, rawQuery: new Map(), body: REQUEST }
  const announced = await measure(() =>
    sideBySide(async () => {
      const record = await audit.trail.begin(call)
      await record.succeeded({ id: randomUUID() })
    }),
  )
  process.stdout.write(`operation of the API, announced: ${announced}\n`)
  await audit.close()
  await db.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { tunnels } from '@rport/api'
import { silentLogger, systemClock } from '@rport/kit'
import { openDatabase } from '../../apps/server/src/db/index.ts'
import { createAuditLog, loadAuditKey } from '../../apps/server/src/features/auditlog/index.ts'
import type { Actor } from '../../apps/server/src/http/index.ts'
import type { Line, LineContext } from '../line.ts'

/** Operations that are under way at the same time. */
const WIDTH = 250
const REQUEST = { name: 'web', protocol: 'tcp', lport: '20001', rhost: '127.0.0.1', rport: '8080', auth_password: 'x' }

/** Wall and processor time of `work` for one row, in microseconds. */
async function timed(rows: number, work: () => Promise<void>): Promise<{ wallUs: number; cpuUs: number }> {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  await work()
  const wallUs = (performance.now() - startedAt) * 1000
  const { user, system } = process.cpuUsage(cpu)
  return { wallUs: wallUs / rows, cpuUs: (user + system) / rows }
}

/** Does `work` for every row, `WIDTH` of them at the same time. */
async function sideBySide(rows: number, work: () => Promise<void>): Promise<void> {
  let left = rows
  const operate = async () => {
    while (left > 0) {
      left -= 1
      await work()
    }
  }
  await Promise.all(Array.from({ length: WIDTH }, operate))
}

/** The same values without chain, intent or query builder. */
async function plainInserts(folder: string, rows: number) {
  const plain = new DatabaseSync(join(folder, 'plain.db'))
  plain.exec(`pragma journal_mode = wal; pragma synchronous = full; create table audit_log (seq integer primary key,
    logged_at, username, remote_ip, application, action, affected_id, client_id, client_hostname, request, response);
    create index a on audit_log (logged_at); create index b on audit_log (username); create index c on audit_log (affected_id)`)
  const insert = plain.prepare('insert into audit_log values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const request = JSON.stringify(REQUEST)
  const cost = await timed(rows, async () => {
    for (let seq = 1; seq <= rows; seq += 1) {
      if (seq % WIDTH === 1) plain.exec('begin')
      const values = ['admin', '127.0.0.1', 'client.tunnel', 'create', randomUUID(), 'agent-1', 'host-1', request, '']
      insert.run(seq, Date.now(), ...values)
      if (seq % WIDTH === 0 || seq === rows) plain.exec('commit')
    }
  })
  plain.close()
  return { rowCpu: cost.cpuUs, rowWall: cost.wallUs }
}

async function auditedRows({ scope }: LineContext, folder: string, rows: number) {
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
  scope.add(async () => {
    await audit.close()
    await db.close()
  })
  const event = { username: 'admin', address: '127.0.0.1', application: 'client.tunnel', action: 'create' }
  const row = await timed(rows, () =>
    sideBySide(rows, () => audit.record({ ...event, affectedId: randomUUID(), clientId: 'agent-1', request: REQUEST })),
  )
  const actor: Actor = { username: 'admin', groups: [], proof: 'session', address: '127.0.0.1' }
  const origin = { address: actor.address, userAgent: '' }
  const spec = tunnels.endpoints.create
  const params = { client_id: 'agent-1' }
  const call = { spec, actor, claimedName: 'admin', origin, params, rawQuery: new Map(), body: REQUEST }
  const operation = await timed(rows, () =>
    sideBySide(rows, async () => {
      const record = await audit.trail.begin(call)
      await record.succeeded({ id: randomUUID() })
    }),
  )
  return { rowCpu: row.cpuUs, rowWall: row.wallUs, operationCpu: operation.cpuUs }
}

/**
 * What a row of the audit log costs, amortised over writes that arrive together, beside a plain insert. An operation of the
 * API is told of twice: before it begins and when it has succeeded.
 */
export const auditRows: Line = {
  name: 'audit-rows',
  title: `A row of the audit log, ${WIDTH} operations at a time`,
  contenders: ['plain-insert', 'rport'],
  figures: [
    { key: 'rowCpu', title: 'processor', unit: 'µs/row', better: 'less', goal: { must: 50, aim: 50 } },
    { key: 'rowWall', title: 'time', unit: 'µs/row', better: 'less' },
    { key: 'operationCpu', title: 'processor, operation of the API', unit: 'µs', better: 'less' },
  ],
  async measure(context) {
    const rows = context.isQuick ? 500 : 20_000
    const folder = await context.scope.folder('bench')
    return context.contender === 'rport' ? auditedRows(context, folder, rows) : plainInserts(folder, rows)
  },
}

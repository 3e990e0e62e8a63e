import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { onTestFinished } from 'vitest'
import type { Database } from '../../../db/index.ts'
import { openTestDatabase } from '../../../db/testing/index.ts'
import { loadAuditKey } from '../audit-key.ts'
import { createAuditStore } from '../auditlog-store.ts'
import { type AuditLogDeps, createAuditLog } from '../create-auditlog.ts'

export type AuditFixture = Awaited<ReturnType<typeof openAuditFixture>>

/** An audit log as below that is closed when the test is over. */
export async function openForTest(options: Partial<AuditLogDeps> = {}): Promise<AuditFixture> {
  const fixture = await openAuditFixture(options)
  onTestFinished(() => fixture.close())
  return fixture
}

/** An audit log on an empty database and folder, with a clock that stands still. The caller closes it. */
export async function openAuditFixture(options: Partial<AuditLogDeps> = {}) {
  const clock = createFakeClock(Date.parse('2026-11-21T10:00:00Z'))
  const log = createMemoryLogger()
  const db: Database = options.db ?? (await openTestDatabase())
  const dataDir = mkdtempSync(join(tmpdir(), 'rport-audit-'))
  const key = await loadAuditKey({ dataDir, log })
  const auditLog = createAuditLog({
    db,
    enabled: true,
    obfuscateAddresses: false,
    rotation: 'monthly',
    dataDir,
    key,
    hostnameOf: (clientId) => (clientId === 'agent-1' ? 'host-1' : ''),
    isAdmin: ({ groups }) => groups.includes('Administrators'),
    clock,
    log,
    ...options,
  })
  const store = createAuditStore(db)
  return {
    auditLog,
    store,
    db,
    clock,
    log,
    key,
    dataDir,
    rows: () => store.rows({ after: 0, limit: 1000 }),
    async close() {
      await auditLog.close()
      await db.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

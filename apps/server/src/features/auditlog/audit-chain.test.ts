import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CHAIN_START, type ChainEnd, chainFault, rowHash } from './audit-chain.ts'
import { type AuditRow, emptyEntry } from './audit-event.ts'
import { parseLine, toLine, toSyslogLine } from './audit-line.ts'

type Entry = Omit<AuditRow, 'seq' | 'hash'>

const nothing: Entry = { logged_at: 0, imported_at: 0, ...emptyEntry }
const text = fc.string({ unit: 'binary', maxLength: 12 })
const entryArbitrary: fc.Arbitrary<Entry> = fc.record({
  logged_at: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  imported_at: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4_000_000_000_000 })),
  username: text,
  remote_ip: text,
  application: text,
  action: text,
  affected_id: text,
  client_id: text,
  client_hostname: text,
  request: text,
  response: text,
})

function chain(entries: readonly Entry[]): AuditRow[] {
  let hash = CHAIN_START
  return entries.map((entry, index) => {
    const row = { ...entry, seq: index + 1 }
    hash = rowHash(hash, row)
    return { ...row, hash }
  })
}

function faultsOf(rows: readonly AuditRow[]): number {
  let end: ChainEnd = { seq: 0, hash: CHAIN_START }
  let faults = 0
  for (const row of rows) {
    if (chainFault(end, row) !== undefined) faults += 1
    end = row
  }
  return faults
}

it('accepts every chain that was made', () => {
  fc.assert(fc.property(fc.array(entryArbitrary), (entries) => faultsOf(chain(entries)) === 0))
})

it('finds any changed value of any row', () => {
  fc.assert(
    fc.property(
      fc.array(entryArbitrary, { minLength: 1, maxLength: 6 }),
      fc.nat(),
      fc.nat(),
      text,
      (entries, at, which, other) => {
        const rows = chain(entries)
        const index = at % rows.length
        const row = rows[index] as AuditRow
        const key = Object.keys(row)[which % Object.keys(row).length] as keyof AuditRow
        const value = typeof row[key] === 'number' ? row[key] + 1 : `${other}x`
        fc.pre(value !== row[key])
        expect(faultsOf(rows.with(index, { ...row, [key]: value }))).toBeGreaterThan(0)
      },
    ),
  )
})

it('finds any changed byte of a written line', () => {
  fc.assert(
    fc.property(
      fc.array(entryArbitrary, { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (entries, at, flip) => {
        const bytes = Buffer.from(chain(entries).map(toLine).join('\n'))
        const index = at % bytes.length
        bytes[index] = (bytes[index] as number) ^ flip
        const rows = bytes.toString('utf8').split('\n').map(parseLine)
        const isWhole = rows.every((row) => row !== undefined)
        expect(isWhole && rows.length === entries.length && faultsOf(rows as AuditRow[]) === 0).toBe(false)
      },
    ),
  )
})

it('finds rows that are missing, doubled or in another order', () => {
  const rows = chain(Array.from({ length: 4 }, (_, index) => ({ ...nothing, affected_id: `${index}` })))
  expect(faultsOf(rows.toSpliced(1, 1))).toBe(1)
  expect(faultsOf(rows.toSpliced(1, 0, rows[1] as AuditRow))).toBeGreaterThan(0)
  expect(faultsOf(rows.toReversed())).toBeGreaterThan(0)
})

it('reads back every line that it writes, and nothing else', () => {
  fc.assert(
    fc.property(entryArbitrary, (entry) => {
      const [row] = chain([entry])
      // Halves of surrogate pairs do not survive UTF-8; `binary` makes none.
      expect(parseLine(toLine(row as AuditRow))).toEqual(row)
    }),
  )
  for (const bad of ['', 'null', '{}', '{"seq":0}', `${toLine(chain([nothing])[0] as AuditRow)} `]) {
    expect(parseLine(bad)).toBeUndefined()
  }
})

it('writes one syslog line for each row, whatever is in it', () => {
  const [row] = chain([{ ...nothing, username: 'line\nend', logged_at: Date.parse('2026-11-21T10:00:00Z') }])
  const line = toSyslogLine(row as AuditRow, 'server-1')
  expect(line).not.toContain('\n')
  expect(line).toMatch(/^<110>1 2026-11-21T10:00:00\.000Z server-1 rportd - audit - \{"seq":1,/)
})

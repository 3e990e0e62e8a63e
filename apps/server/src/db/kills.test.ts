import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { silentLogger, systemClock } from '@rport/kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkDatabase } from './check-database.ts'
import { openDatabase } from './database.ts'

/** Each is a start of a process: enough to hit every part of a commit, few enough for every day. */
const KILLS = Number(process.env['RPORT_TEST_KILLS'] ?? 16)
const AT_ONCE = 4

/** Opens the database and writes for ever, several writes at a time; says each that is on the disk. */
const WRITER = `
  const [file, round, database, kit] = process.argv.slice(1)
  const { openDatabase } = await import(database)
  const { silentLogger, systemClock } = await import(kit)
  const db = await openDatabase({ file, log: silentLogger, clock: systemClock })
  const write = async (writer) => {
    for (let count = 0; ; count += 1) {
      const id = round + '-' + writer + '-' + count
      const row = { id, secret_hash: 'x'.repeat(count * 100 % 5000), created_at: 1 }
      await db.write((trx) => trx.insertInto('client_auths').values(row).execute())
      process.stdout.write(id + '\\n')
    }
  }
  for (let writer = 0; writer < 4; writer += 1) void write(writer)
`

let root = ''
const children = new Set<ChildProcess>()
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'rport-kills-'))
})
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true })
})

async function writeUntilKilled(file: string, round: number, writes: number, acknowledged: Set<string>): Promise<void> {
  const modules = [new URL('./database.ts', import.meta.url).href, import.meta.resolve('@rport/kit')]
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, file, `${round}`, ...modules], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const exited = once(child, 'exit')
  let count = 0
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.add(line)
    count += 1
    if (count === writes) child.kill('SIGKILL')
  }
  await exited
  children.delete(child)
}

test('every write that was acknowledged is there after each kill, and the file is whole', {
  timeout: 300_000,
}, async () => {
  const mortal = async (name: number) => {
    const file = join(root, `${name}.db`)
    const acknowledged = new Set<string>()
    for (let round = 0; round < KILLS / AT_ONCE; round += 1) {
      await writeUntilKilled(file, round, 1 + ((round * 17 + name * 5) % 60), acknowledged)
      await checkDatabase(file)
    }
    const db = await openDatabase({ file, log: silentLogger, clock: systemClock })
    const rows = await db.read.selectFrom('client_auths').select('id').execute()
    await db.close()
    const kept = new Set(rows.map(({ id }) => id))
    expect([...acknowledged].filter((id) => !kept.has(id))).toEqual([])
    expect(acknowledged.size).toBeGreaterThan(0)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, name) => mortal(name)))
})

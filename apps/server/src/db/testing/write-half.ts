import { copyFileSync, existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/**
 * Writes half a transaction to the file and its journal, as a process does that is killed before its commit. The file is not in
 * WAL mode then: new, or as a backup has it.
 */
export function writeHalf(file: string): void {
  const victim = `${file}.victim`
  if (existsSync(file)) copyFileSync(file, victim)
  const database = new DatabaseSync(victim)
  database.exec('PRAGMA journal_mode = delete')
  // More than the cache holds goes to the file before the commit.
  database.exec('PRAGMA synchronous = off; PRAGMA cache_size = 1; BEGIN; CREATE TABLE half (x)')
  const insert = database.prepare('INSERT INTO half VALUES (zeroblob(3000))')
  for (let row = 0; row < 20; row += 1) insert.run()
  for (const suffix of ['', '-journal']) copyFileSync(`${victim}${suffix}`, `${file}${suffix}`)
  database.close()
}

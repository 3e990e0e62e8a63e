import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs a test with the path of a file that is not there yet, in a folder that goes afterwards. */
export async function withDatabaseFile(test: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rport-db-'))
  try {
    await test(join(folder, 'rportd.db'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

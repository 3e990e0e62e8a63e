import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyAuditLog } from '../audit-verification.ts'
import type { openAuditFixture } from './audit-fixture.ts'

/** Checks the whole log of a fixture, archives included. */
export const verifyFixture = ({
  store,
  dataDir,
  key,
}: Pick<Awaited<ReturnType<typeof openAuditFixture>>, 'store' | 'dataDir' | 'key'>) =>
  verifyAuditLog({
    store,
    key,
    readArchive: (file) => {
      const lines = readFileSync(join(dataDir, file), 'utf8').trimEnd().split('\n')
      return (async function* () {
        yield* lines
      })()
    },
  })

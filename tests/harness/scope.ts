import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whatever a test starts is added to its scope; closing the scope ends it all, the latest first. */
export interface Scope {
  add(close: () => unknown): void
  /** A folder of mode 0700 that goes away with the scope. */
  folder(name: string): Promise<string>
  /** Ends everything even when some of it fails to end; then reports the first failure. Idempotent. */
  close(): Promise<void>
}

/** A scope; its owner closes it, usually in `afterAll` or `onTestFinished`. */
export function createScope(): Scope {
  const closers: (() => unknown)[] = []
  const scope: Scope = {
    add(close) {
      closers.push(close)
    },
    async folder(name) {
      const path = await mkdtemp(join(tmpdir(), `rport-${name}-`))
      scope.add(() => rm(path, { recursive: true, force: true, maxRetries: 5 }))
      return path
    },
    async close() {
      const failures: unknown[] = []
      for (let close = closers.pop(); close; close = closers.pop()) {
        try {
          await close()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    },
  }
  return scope
}

import { type Clock, errorMessage, inTime, type Logger } from '@rport/kit'
import type { Page } from '../../http/index.ts'

/** One thing that must work. Resolves when it does; what it rejects with is for the log only. */
export type HealthCheck = () => Promise<void>

export interface HealthDeps {
  /** By the name that callers are shown: a name must tell an outsider nothing that he may not know. */
  readonly checks: Readonly<Record<string, HealthCheck>>
  readonly clock: Clock
  readonly log: Logger
}

/** What the server says of itself to whoever asks. */
export interface Health {
  /** `/healthz`: the process lives. `/readyz`: it can work; 503 names what does not. Both without login. */
  readonly pages: readonly Page[]
  /** From now on the server is not ready: it is about to end. */
  drain(): void
}

/** A check that takes longer has failed: whoever asks has a deadline, too. */
const CHECK_TIMEOUT_MS = 2000
/** Anybody may ask as often as he likes; the checks run once in this time. */
const FRESH_MS = 1000

const reply = (status: number, text: string) => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  text: `${text}\n`,
})

/** Runs nothing until somebody asks. */
export function createHealth({ checks, clock, log }: HealthDeps): Health {
  let isDraining = false
  let latest: { readonly at: number; readonly failing: Promise<readonly string[]> } | undefined
  let lastFailing = ''

  const runOne = async (name: string, check: HealthCheck): Promise<readonly string[]> => {
    const late = () => new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)
    try {
      await inTime(check(), { timeoutMs: CHECK_TIMEOUT_MS, clock, late })
      return []
    } catch (error) {
      if (!lastFailing.split(', ').includes(name)) log.error({ check: name, reason: errorMessage(error) }, 'not ready')
      return [name]
    }
  }

  const failing = (): Promise<readonly string[]> => {
    const now = clock.monotonic()
    if (latest && now - latest.at < FRESH_MS) return latest.failing
    const found = Promise.all(Object.entries(checks).map(([name, check]) => runOne(name, check))).then((lists) => {
      const names = lists.flat()
      if (names.length === 0 && lastFailing !== '') log.info({}, 'ready again')
      lastFailing = names.join(', ')
      return names
    })
    latest = { at: now, failing: found }
    return found
  }

  return {
    pages: [
      { path: '/healthz', auth: 'none', answer: async () => reply(200, 'ok') },
      {
        path: '/readyz',
        auth: 'none',
        async answer() {
          if (isDraining) return reply(503, 'not ready: stopping')
          const names = await failing()
          return names.length === 0 ? reply(200, 'ready') : reply(503, `not ready: ${names.join(', ')}`)
        },
      },
    ],
    drain() {
      isDraining = true
    },
  }
}

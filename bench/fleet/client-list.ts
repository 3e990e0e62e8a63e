import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { silentLogger, systemClock } from '@rport/kit'
import { openDatabase } from '../../apps/server/src/db/index.ts'
import { createClientBook, toClient } from '../../apps/server/src/features/clients/index.ts'
import type { Line, LineContext, Measurement } from '../line.ts'
import { cpuSecondsOf } from '../processor-time.ts'
import { percentile } from '../statistics.ts'
import type { HttpLoad, HttpLoadResult } from './http-load-process.ts'
import { type MeasuredServer, startMeasuredServer } from './measured-server.ts'
import { MACHINE } from './swarm.ts'

/** Callers at the same time. */
const CONNECTIONS = 8

/** What is asked for, by the beginning of the keys of its figures. */
const QUESTIONS = {
  page: '/clients',
  sorted: '/clients?sort=-hostname&page[limit]=50&page[offset]=500',
  filtered: '/clients?filter[name]=*99*&filter[os_kernel]=linux&sort=name',
} as const

const list = (count: number, name: string): Line => ({
  name,
  title: `GET /clients with ${count.toLocaleString('en')} clients, an administrator's session, ${CONNECTIONS} at a time`,
  contenders: ['rport'],
  figures: [
    { key: 'page', title: 'first page', unit: '1/s', better: 'more', goal: { must: 1000, aim: 3000 } },
    { key: 'pageP99', title: 'first page, p99', unit: 'ms', better: 'less', goal: { must: 20, aim: 10 } },
    { key: 'pageCpu', title: 'first page, processor of the server', unit: 'µs each', better: 'less' },
    { key: 'sorted', title: 'sorted, eleventh page', unit: '1/s', better: 'more', goal: { must: 1000, aim: 3000 } },
    { key: 'filtered', title: 'two filters, sorted', unit: '1/s', better: 'more', goal: { must: 1000, aim: 3000 } },
    { key: 'filteredP99', title: 'two filters, sorted, p99', unit: 'ms', better: 'less', goal: { must: 20, aim: 10 } },
  ],
  async measure(context) {
    const { scope, isQuick } = context
    const server = await startMeasuredServer(context, { prepare: (dataDir) => fill(dataDir, isQuick ? 100 : count) })
    const token = await server.login()
    const caller = fork(join(import.meta.dirname, 'http-load-process.ts'))
    scope.add(() => caller.disconnect())
    const facts: Record<string, number> = {}
    for (const [key, path] of Object.entries(QUESTIONS)) {
      for (const [name, value] of Object.entries(await ask(context, caller, server, path, token))) {
        facts[`${key}${name}`] = value
      }
    }
    return facts
  },
})

export const clientList = list(2000, 'client-list')
export const longClientList = list(10_000, 'client-list-long')

async function ask(
  { isQuick }: LineContext,
  caller: ChildProcess,
  server: MeasuredServer,
  path: string,
  token: string,
): Promise<Measurement> {
  const load = async (requests: number): Promise<HttpLoadResult> => {
    caller.send({ url: server.apiUrl + path, token, connections: CONNECTIONS, requests } satisfies HttpLoad)
    const [result] = (await once(caller, 'message')) as [HttpLoadResult | { error: string }]
    if ('error' in result) throw new Error(`${path}: ${result.error}`)
    return result
  }
  // The first ones warm the server up.
  await load(isQuick ? 20 : 2000)
  const cpuBefore = cpuSecondsOf([server.pid])
  const { wallMs, tookMs } = await load(isQuick ? 20 : 6000)
  return {
    '': (tookMs.length / wallMs) * 1000,
    P99: percentile(tookMs, 0.99),
    Cpu: ((cpuSecondsOf([server.pid]) - cpuBefore) / tookMs.length) * 1e6,
  }
}

/** Puts clients into the database of a server that does not run. */
async function fill(dataDir: string, count: number): Promise<void> {
  const db = await openDatabase({ file: join(dataDir, 'rportd.db'), clock: systemClock, log: silentLogger })
  const book = createClientBook({ db, clock: systemClock, log: silentLogger })
  await book.start()
  await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const id = `client-${String(index).padStart(5, '0')}`
      const name = `machine-${String((index * 7919) % count).padStart(5, '0')}`
      const request = {
        ...MACHINE,
        id,
        name,
        hostname: name,
        sessionId: id,
        version: '1.0.0',
        tags: [`rack-${index % 40}`, 'linux'],
        labels: { site: `site-${index % 12}` },
        remotes: null,
        clientConfiguration: null,
        features: [],
      }
      return book.save(toClient(request, { id, clientAuthId: 'swarm', address: '10.1.2.3' }, undefined))
    }),
  )
  await db.close()
}

import { Agent, get } from 'node:http'
import { startUserServer } from '../../tests/harness/user-server.ts'
import type { Line, LineContext } from '../line.ts'
import { median, percentile } from '../statistics.ts'

/** Strangers who try to log in again and again at the same time: for a name that is not there a hash is worked out, too. */
const WIDTH = 16
/** Requests of somebody who is logged in, whatever the answers take. */
const PER_SECOND = 200

/** Whether others notice that many people log in: a password's hash is slow on purpose. */
export const loginStorm: Line = {
  name: 'login-storm',
  title: `GET /me at ${PER_SECOND} a second while ${WIDTH} others try passwords (argon2id)`,
  contenders: ['without-storm', 'rport'],
  rounds: 3,
  figures: [
    { key: 'p50', title: 'p50', unit: 'ms', better: 'less' },
    { key: 'p99', title: 'p99', unit: 'ms', better: 'less', goal: { must: 50, aim: 50 } },
    { key: 'attempts', title: 'attempts', unit: '1/s', better: 'more' },
  ],
  async measure(context) {
    const server = await startServerWithUser(context)
    const durationMs = context.isQuick ? 300 : 5000
    const storm = context.contender === 'rport' ? startAttempts(server, WIDTH) : undefined
    const waits = await steadyRequests(server, durationMs)
    const attempts = await storm?.stop()
    return {
      p50: median(waits),
      p99: percentile(waits, 0.99),
      ...(attempts === undefined ? {} : { attempts: (attempts * 1000) / durationMs }),
    }
  },
}

interface Server {
  readonly apiUrl: string
  readonly bearer: string
}

/** A server with one user in its own tables, where passwords are kept with argon2id. */
async function startServerWithUser({ scope, env }: LineContext): Promise<Server> {
  // Attempts are to be judged, not turned away.
  const settings = { api: { user_login_wait: 0, max_failed_login: 0 } }
  const server = await startUserServer(scope, { settings, env })
  const ada = server.as('ada', await server.addUser('ada', '--group', 'Administrators'))
  const login = await ada.get('/api/v1/login?token-lifetime=3600')
  if (login.status !== 200) throw new Error(`no login: ${login.status} ${login.text}`)
  return { apiUrl: `${server.baseUrl}/api/v1`, bearer: `Bearer ${login.json.data.token}` }
}

/** Tries to log in from all sides until it is stopped; `stop` tells how often that was answered. */
function startAttempts({ apiUrl }: Server, width: number): { stop(): Promise<number> } {
  const agent = new Agent({ keepAlive: true })
  let isOver = false
  let count = 0
  const one = async () => {
    while (!isOver) {
      const authorization = `Basic ${Buffer.from(`nobody-${count}:a-wrong-password`).toString('base64')}`
      const status = await request(agent, `${apiUrl}/login`, authorization)
      if (status !== 401) throw new Error(`an attempt to log in was answered with ${status}`)
      count += 1
    }
  }
  const all = Promise.all(Array.from({ length: width }, one))
  all.catch(() => undefined) // told of by `stop`
  return {
    async stop() {
      isOver = true
      const counted = count
      await all.finally(() => agent.destroy())
      return counted
    },
  }
}

/** Requests at a steady rate; each waits from the moment it was due, so that a stall counts for all that it held up. */
async function steadyRequests({ apiUrl, bearer }: Server, durationMs: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true })
  const waits: number[] = []
  const pending = new Set<Promise<void>>()
  const startedAt = performance.now()
  for (let dueAt = startedAt; dueAt < startedAt + durationMs; dueAt += 1000 / PER_SECOND) {
    const pauseMs = dueAt - performance.now()
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    const answered = request(agent, `${apiUrl}/me`, bearer).then((status) => {
      if (status !== 200) throw new Error(`GET /me was answered with ${status}`)
      waits.push(performance.now() - dueAt)
    })
    pending.add(answered)
    answered.finally(() => pending.delete(answered)).catch(() => undefined)
  }
  await Promise.all(pending)
  agent.destroy()
  return waits
}

/** Status of a GET. @throws when there was no answer */
function request(agent: Agent, url: string, authorization: string): Promise<number> {
  const answer = Promise.withResolvers<number>()
  const sent = get(url, { agent, headers: { authorization } }, (reply) => {
    reply.resume()
    reply.on('end', () => answer.resolve(reply.statusCode ?? 0)).on('error', answer.reject)
  })
  sent.on('error', answer.reject)
  return answer.promise
}

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Scope } from '../../tests/harness/scope.ts'
import type { Return, SwarmOptions } from './swarm.ts'
import type { Answer, Ask } from './swarm-process.ts'

/** A swarm in another process, so that its work is not counted as the server's. */
export interface RemoteSwarm {
  join(count: number, width: number): Promise<void>
  leave(count: number): Promise<void>
  whenConnected(count: number): Promise<void>
  takeReturns(): Promise<readonly Return[]>
}

/** Starts an empty one; the scope ends it. */
export function startSwarm(options: SwarmOptions, scope: Scope): RemoteSwarm {
  const child = fork(join(import.meta.dirname, 'swarm-process.ts'), [JSON.stringify(options)])
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  let number = 0
  child.on('message', (answer: Answer) => {
    const waits = waiting.get(answer.number)
    waiting.delete(answer.number)
    if (answer.error === undefined) waits?.resolve(answer)
    else waits?.reject(new Error(answer.error))
  })
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the swarm ended'))
    waiting.clear()
  })
  const ask = (what: Ask): Promise<Answer> =>
    new Promise((resolve, reject) => {
      number += 1
      waiting.set(number, { resolve, reject })
      child.send({ number, ask: what })
    })
  scope.add(async () => {
    if (child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.disconnect()
    await ended
  })
  return {
    join: async (count, width) => void (await ask({ do: 'join', count, width })),
    leave: async (count) => void (await ask({ do: 'leave', count })),
    whenConnected: async (count) => void (await ask({ do: 'when-connected', count })),
    takeReturns: async () => (await ask({ do: 'returns' })).returns ?? [],
  }
}

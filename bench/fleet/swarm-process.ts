/** A swarm in a process of its own, told what to do by messages of the process that forked it: see swarm-remote.ts. */
import { createSwarm, type Return, type SwarmOptions } from './swarm.ts'

/** What the parent asks; each is answered by one `Answer` with the same number. */
export type Ask =
  | { readonly do: 'join'; readonly count: number; readonly width: number }
  | { readonly do: 'leave'; readonly count: number }
  | { readonly do: 'when-connected'; readonly count: number }
  | { readonly do: 'returns' }

export interface Answer {
  readonly number: number
  readonly returns?: readonly Return[]
  readonly error?: string
}

const swarm = createSwarm(JSON.parse(process.argv[2] ?? '{}') as SwarmOptions)

async function obey(ask: Ask): Promise<Partial<Answer>> {
  if (ask.do === 'join') await swarm.join(ask.count, ask.width)
  else if (ask.do === 'leave') await swarm.leave(ask.count)
  else if (ask.do === 'when-connected') await swarm.whenConnected(ask.count)
  else return { returns: swarm.takeReturns() }
  return {}
}

process.on('disconnect', () => process.exit(0))
process.on('message', (message: { number: number; ask: Ask }) => {
  void obey(message.ask)
    .catch((error: unknown) => ({ error: String(error) }))
    .then((facts) => process.send?.({ ...facts, number: message.number }))
})

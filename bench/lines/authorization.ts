import { join } from 'node:path'
import { tunnels } from '@rport/api'
import { silentLogger, systemClock } from '@rport/kit'
import { openDatabase } from '../../apps/server/src/db/index.ts'
import { createAccessPolicy, createEmbeddedUsers } from '../../apps/server/src/features/users/index.ts'
import { authorize } from '../../apps/server/src/http/authorize.ts'
import type { Actor } from '../../apps/server/src/http/index.ts'
import type { Line } from '../line.ts'

const GROUPS = ['operators', 'helpdesk', 'night-shift']

/** What deciding who may do what adds to a request: access to the client, then the permission, from real tables. */
export const authorization: Line = {
  name: 'authorization',
  title: 'Authorization of a request about a client, user of three groups',
  contenders: ['rport'],
  figures: [
    { key: 'cpu', title: 'processor', unit: 'µs/request', better: 'less', goal: { must: 20, aim: 20 } },
    { key: 'time', title: 'time', unit: 'µs/request', better: 'less' },
  ],
  async measure({ scope, isQuick }) {
    const folder = await scope.folder('bench')
    const db = await openDatabase({ file: join(folder, 'rportd.db'), clock: systemClock, log: silentLogger })
    scope.add(() => db.close())
    const directory = createEmbeddedUsers({ db, clock: systemClock, log: silentLogger })
    for (const name of GROUPS) {
      const permissions = new Set(name === 'night-shift' ? (['tunnels'] as const) : [])
      await directory.groups.save({ name, permissions, tunnelsRestricted: null, commandsRestricted: null })
    }
    const policy = createAccessPolicy({ directory, userGroupsOf: () => ['managers', 'night-shift'] })
    const actor: Actor = { username: 'ada', groups: GROUPS, proof: 'session', address: '127.0.0.1' }
    const params = { client_id: 'agent-1' }
    const decide = async (count: number) => {
      for (let done = 0; done < count; done += 1) await authorize(policy, tunnels.endpoints.create, actor, params)
    }
    const count = isQuick ? 200 : 20_000
    await decide(count / 10)
    const [cpu, startedAt] = [process.cpuUsage(), performance.now()]
    await decide(count)
    const timeUs = (performance.now() - startedAt) * 1000
    const { user, system } = process.cpuUsage(cpu)
    return { cpu: (user + system) / count, time: timeUs / count }
  },
}

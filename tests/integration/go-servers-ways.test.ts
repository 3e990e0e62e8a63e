import { afterAll, describe, test } from 'vitest'
import {
  AGENT_AUTH,
  createScope,
  describeWithGo,
  freePort,
  KEY_SEED,
  launchAgent,
  startGoServer,
} from '../harness/index.ts'
import { proxiesMissing, startHttpProxy } from '../harness/ways/index.ts'

/** Switching back is tried every five seconds at most. */
const SWITCH_LIMIT_MS = 25_000

describeWithGo("our agent between two servers on the field's own libraries", { timeout: 60_000 }, () => {
  describe.skipIf(proxiesMissing)('behind an HTTP proxy', () => {
    const scope = createScope()
    afterAll(() => scope.close())

    test('takes the fallback, returns to the main server when that is there, and leaves the fallback', async () => {
      const proxy = await startHttpProxy(scope)
      const mainPort = await freePort()
      const shared = { auth: AGENT_AUTH, seed: KEY_SEED }
      const fallback = await startGoServer(scope, shared)
      await launchAgent(scope, {
        id: 'ours',
        address: `127.0.0.1:${mainPort}`,
        settings: {
          client: {
            proxy: `http://127.0.0.1:${proxy.port}`,
            fallback_servers: [`127.0.0.1:${fallback.port}`],
            server_switchback_interval: '5s',
          },
        },
      })
      await fallback.waitFor({ event: 'registered', ok: true })
      const main = await startGoServer(scope, { ...shared, port: mainPort })
      await main.waitFor({ event: 'registered', ok: true }, SWITCH_LIMIT_MS)
      await fallback.waitFor({ event: 'closed' })
    })
  })
})

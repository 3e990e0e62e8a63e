import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  createScope,
  freePort,
  launchAgent,
  startServer,
  type TestAgent,
  type TestServer,
  until,
} from '../harness/index.ts'
import { listenForSystemd, systemdMissing } from '../harness/ways/index.ts'

const MACHINE = 'with-fallback'

interface State {
  last_update: string
  last_update_ts: number
  last_state: string
  last_message: string
}

describe('an agent with a main server and a fallback', { timeout: 90_000 }, () => {
  const scope = createScope()
  let main: TestServer
  let fallback: TestServer
  let agent: TestAgent
  afterAll(() => scope.close())

  const isOn = async (server: TestServer) => (await server.api.client(MACHINE))?.connection_state === 'connected'
  const state = async (): Promise<State> => JSON.parse(await readFile(join(agent.dataDir, 'state.json'), 'utf8'))
  const says = (message: RegExp) =>
    until(`state.json says ${message}`, async () => message.test((await state()).last_message))

  test('takes the fallback at once when the main server is down', async () => {
    main = await startServer(scope)
    fallback = await startServer(scope)
    await main.program.stop()
    agent = await launchAgent(scope, {
      id: MACHINE,
      address: `127.0.0.1:${main.agentPort}`,
      settings: {
        client: {
          fallback_servers: [`127.0.0.1:${await freePort()}`, `127.0.0.1:${fallback.agentPort}`],
          server_switchback_interval: '1s',
        },
        connection: { watchdog_integration: true },
      },
    })
    await until('the agent is on the fallback', () => isOn(fallback))
  })

  test('keeps a state for watchdogs that everybody may read', async () => {
    await says(new RegExp(`^Connected to ws://127.0.0.1:${fallback.agentPort} within `))
    expect(await state()).toMatchObject({ last_state: 'connected' })
    expect(Math.abs((await state()).last_update_ts * 1000 - Date.now())).toBeLessThan(60_000)
    expect(Date.parse((await state()).last_update) / 1000).toBeCloseTo((await state()).last_update_ts, -1)
    expect((await stat(join(agent.dataDir, 'state.json'))).mode & 0o777).toBe(0o644)
  })

  test('is back on the main server soon after that is, and leaves the fallback', async () => {
    await main.start()
    await until('the agent is on the main server', () => isOn(main))
    await until('the agent has left the fallback', async () => !(await isOn(fallback)))
    await says(new RegExp(`^Connected to ws://127.0.0.1:${main.agentPort} within `))
    expect(agent.program.output).not.toContain('disconnected')
  })

  test('falls back again when the main server is gone, and says so while both are', async () => {
    await main.program.kill()
    await until('the agent is on the fallback', () => isOn(fallback))
    await fallback.program.kill()
    await says(/^Retrying in /)
    expect(await state()).toMatchObject({ last_state: 'reconnecting' })
  })
})

if (systemdMissing) console.warn(`LEFT OUT: messages to systemd: ${systemdMissing}`)

describe.skipIf(systemdMissing)('an agent that systemd started', () => {
  const scope = createScope()
  afterAll(() => scope.close())

  const start = async (notifySocket: string) =>
    launchAgent(scope, {
      id: 'unit',
      address: `127.0.0.1:${await freePort()}`,
      settings: { connection: { watchdog_integration: true } },
      env: { NOTIFY_SOCKET: notifySocket },
    })

  test('says that it is ready although no server is there, and that it lives', async () => {
    const socket = await listenForSystemd(scope)
    const agent = await start(socket.path)
    await socket.program.waitFor(/READY=1/)
    await socket.program.waitFor(/WATCHDOG=1/)
    await agent.program.stop()
  })

  test('goes on when nobody listens', async () => {
    const agent = await start('/nonexistent/notify')
    await agent.program.waitFor(/systemd cannot be told/)
    await agent.program.waitFor(/retrying/)
    expect(agent.program.hasExited).toBe(false)
    await agent.program.stop()
  })
})

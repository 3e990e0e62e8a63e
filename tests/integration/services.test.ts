import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createScope, ROOT, RPORT, RPORTD, run } from '../harness/index.ts'

const ANALYZE = '/usr/bin/systemd-analyze'
const missing = existsSync(ANALYZE) ? undefined : 'no systemd-analyze on this machine (Debian: systemd)'
if (missing) console.warn(`LEFT OUT: units that systemd understands: ${missing}`)

const manual = (name: string) => readFile(join(ROOT, 'docs/manual/systemd', name), 'utf8')

describe('the agent as a service', () => {
  const scope = createScope()
  afterAll(() => scope.close())

  const print = async (...args: string[]) => {
    const printed = await run(scope, { name: 'rport', command: RPORT, args: ['--service', 'print', ...args] })
    expect(printed.code).toBe(0)
    return printed.stdout
  }
  /** What systemd finds wrong with a unit: nothing, in the best case. */
  const faults = async (name: string, text: string, dropIn?: string) => {
    const file = join(await scope.folder('units'), name)
    await writeFile(file, text)
    if (dropIn !== undefined) {
      const path = `${file}.d/more.conf`
      await mkdir(dirname(path))
      await writeFile(path, dropIn)
    }
    const args = ['verify', '--man=no', '--recursive-errors=no', file]
    const { code, output } = await run(scope, { name: 'systemd-analyze', command: ANALYZE, args })
    return { code, output: output.split('\n').filter((line) => line.includes(name)) }
  }

  test('prints a unit that starts the program that printed it, with these settings', async () => {
    const config = join(await scope.folder('settings'), 'rport.conf')
    await writeFile(config, '[client]\nserver = "127.0.0.1"\n')
    expect(await print('-c', config, '--service-user', 'remote')).toMatch(
      new RegExp(`\\nExecStart=${RPORT} -c ${config}\\n[^]*\\nUser=remote\\n`),
    )
  })

  test('does not install what would not start', async () => {
    const config = join(await scope.folder('settings'), 'rport.conf')
    await writeFile(config, '[client]\nserver = ""\n')
    const args = ['--service', 'install', '-c', config]
    const refused = await run(scope, { name: 'rport', command: RPORT, args })
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('server address is required') })
  })

  test.skipIf(missing)('prints a unit that systemd understands, locked up for tunnels alone, too', async () => {
    const unit = await print()
    expect(await faults('rport.service', unit)).toEqual({ code: 0, output: [] })
    const locked = await faults('rport.service', unit, await manual('rport-tunnels-only.conf'))
    expect(locked).toEqual({ code: 0, output: [] })
  })

  test.skipIf(missing)('stands beside a server whose unit systemd understands', async () => {
    const unit = (await manual('rportd.service')).replace('/usr/local/bin/rportd', RPORTD)
    expect(await faults('rportd.service', unit)).toEqual({ code: 0, output: [] })
  })

  test.skipIf(missing)('notices a unit that systemd does not understand', async () => {
    const { output } = await faults('rport.service', (await print()).replace('Restart=always', 'Restrat=always'))
    expect(output.join()).toContain('Restrat')
  })
})

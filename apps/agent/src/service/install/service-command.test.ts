import { describe, expect, test } from 'vitest'
import type { ServiceAction } from '../../config/index.ts'
import { runServiceCommand } from './service-command.ts'

const UNIT = '/etc/systemd/system/rport.service'
const PLIST = '/Library/LaunchDaemons/rport.plist'
const DEFINITION = { program: '/usr/local/bin/rport', configFile: '/etc/rport/rport.conf', user: 'rport' }

/** A machine with systemd, or what `options` say. */
function machine(options: { platform?: string; files?: string[]; fails?: RegExp; isRoot?: boolean } = {}) {
  const files = new Map((options.files ?? ['/run/systemd/system']).map((path) => [path, '']))
  const commands: string[] = []
  const change = async (what: () => void) => {
    if (options.isRoot === false) throw new Error(`EACCES: permission denied, open '${UNIT}'`)
    what()
  }
  const act = (action: ServiceAction, definition: Partial<typeof DEFINITION> | { configFile: undefined } = {}) =>
    runServiceCommand(
      action,
      { ...DEFINITION, ...definition },
      {
        platform: options.platform ?? 'linux',
        exists: (path) => files.has(path),
        write: (path, text) => change(() => void files.set(path, text)),
        remove: (path) => change(() => void files.delete(path)),
        async runProcess(file, args) {
          const command = [file, ...args].join(' ')
          commands.push(command)
          return { exitCode: options.fails?.test(command) ? 1 : 0, stdout: '' }
        },
      },
    )
  return { act, files, commands }
}

describe('--service with systemd', () => {
  test('install writes a unit and enables it', async () => {
    const { act, files, commands } = machine()
    expect(await act('install')).toBe('Service installed\n')
    expect(commands).toEqual(['id -u rport', 'systemctl daemon-reload', 'systemctl enable rport.service'])
    expect(files.get(UNIT)).toContain('\nExecStart=/usr/local/bin/rport -c /etc/rport/rport.conf\n')
    expect(files.get(UNIT)).toContain('\nUser=rport\n')
  })

  test('start and stop tell systemd, and uninstall stops first', async () => {
    const { act, files, commands } = machine({ files: ['/run/systemd/system', UNIT] })
    expect(await act('start')).toBe('Service started\n')
    expect(await act('stop')).toBe('Service stopped\n')
    expect(await act('uninstall')).toBe('Service uninstalled\n')
    expect(commands).toEqual([
      'systemctl start rport.service',
      'systemctl stop rport.service',
      'systemctl disable --now rport.service',
      'systemctl daemon-reload',
    ])
    expect(files.has(UNIT)).toBe(false)
  })

  test('print shows what install writes, also without systemd, and changes nothing', async () => {
    const { act, files, commands } = machine({ files: [] })
    const text = await act('print')
    expect([...files.keys(), ...commands]).toEqual([])
    const other = machine()
    await other.act('install')
    expect(other.files.get(UNIT)).toBe(text)
  })

  test('a path with blanks, dollars and percent signs stays one word', async () => {
    const { act } = machine()
    const text = await act('print', { program: '/opt/my "rport"/bin', configFile: '/etc/100%/$HOME.conf' })
    expect(text).toContain('ExecStart="/opt/my \\"rport\\"/bin" -c /etc/100%%/$$HOME.conf\n')
  })

  test.each([
    [
      'an installed service',
      { files: ['/run/systemd/system', UNIT] },
      {},
      /^Init already exists: \/etc\/systemd.*uninstall/,
    ],
    ['no settings', {}, { configFile: undefined }, /-c \/etc\/rport\/rport\.conf/],
    ['a user that is not there', { fails: /^id / }, {}, /no user rport.*useradd --system.*--service-user/],
    ['somebody who is not root', { isRoot: false }, {}, /EACCES.*sudo/],
    ['a systemctl that fails', { fails: /enable/ }, {}, /"systemctl enable rport.service" ended with code 1/],
    ['another service manager', { files: [] }, {}, /where systemd or launchd runs.*--service print/],
    ['Windows', { platform: 'win32' }, {}, /schtasks/],
  ])('install refuses %s and says what to do', async (_what, options, definition, message) => {
    const { act, files } = machine(options)
    const before = files.size
    await expect(act('install', definition)).rejects.toThrow(message)
    if (!('fails' in options && options.fails.test('systemctl enable'))) expect(files.size).toBe(before)
  })

  test('uninstall refuses a service that is not there', async () => {
    await expect(machine().act('uninstall')).rejects.toThrow(/not installed/)
  })
})

test('on a Mac launchd is told', async () => {
  const { act, files, commands } = machine({ platform: 'darwin', files: [] })
  await act('install', { program: '/usr/local/bin/rport <&>' })
  await act('start')
  expect(files.get(PLIST)).toContain('<string>/usr/local/bin/rport &lt;&amp;&gt;</string>')
  expect(files.get(PLIST)).toContain('<key>UserName</key><string>rport</string>')
  await act('uninstall')
  expect(files.size).toBe(0)
  expect(commands).toEqual(['id -u rport', `launchctl load ${PLIST}`, `launchctl unload ${PLIST}`])
})

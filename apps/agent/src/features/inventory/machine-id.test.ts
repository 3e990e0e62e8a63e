import { describe, expect, test } from 'vitest'
import { MachineIdError, type RunProcess, readMachineId } from './machine-id.ts'
import { fixtureRoot } from './testing/fixture-root.ts'

const noProcess: RunProcess = async () => {
  throw new Error('spawn ENOENT')
}
const says =
  (stdout: string, exitCode: number | null = 0): RunProcess =>
  async () => ({ exitCode, stdout })

describe('the machine id on Linux', () => {
  const read = async (tree: Record<string, string>) =>
    readMachineId({ platform: 'linux', files: await fixtureRoot(tree), runProcess: noProcess })

  test.each<[string, Record<string, string>, string]>([
    ['that of D-Bus first', { 'var/lib/dbus/machine-id': 'aaa\n', 'etc/machine-id': 'bbb\n' }, 'aaa'],
    [
      'else the one of /etc',
      { 'etc/machine-id': ' 3d1219c7c4c5404aaa1f6d2a48adfda4 \n' },
      '3d1219c7c4c5404aaa1f6d2a48adfda4',
    ],
    ['past an empty file', { 'var/lib/dbus/machine-id': '\n', 'etc/machine-id': 'bbb' }, 'bbb'],
  ])('is %s', async (_what, tree, id) => {
    expect(await read(tree)).toBe(id)
  })

  test.each<[string, Record<string, string>]>([
    ['there is none', {}],
    ['it is empty', { 'etc/machine-id': '' }],
    ['the first boot has not set it', { 'etc/machine-id': 'uninitialized\n' }],
    ['it is more than an id', { 'etc/machine-id': 'a b\nc' }],
  ])('is refused with advice when %s', async (_what, tree) => {
    await expect(read(tree)).rejects.toThrow(
      'could not use system id as client id: try to set client.id manually or disable client.use_system_id. Error: no id in /var/lib/dbus/machine-id or /etc/machine-id',
    )
  })
})

describe.each([
  ['darwin', '  "IOPlatformUUID" = "3F2504E0-4F89-11D3-9A0C-0305E82C3301"\n', '3F2504E0-4F89-11D3-9A0C-0305E82C3301'],
  [
    'win32',
    '\r\n    MachineGuid    REG_SZ    8b6d4f2a-0000-4c1e-9d6e-1a2b3c4d5e6f\r\n',
    '8b6d4f2a-0000-4c1e-9d6e-1a2b3c4d5e6f',
  ],
])('the machine id on %s', (platform, output, id) => {
  const read = async (runProcess: RunProcess) => readMachineId({ platform, files: await fixtureRoot({}), runProcess })

  test('is what the system program says', async () => {
    expect(await read(says(output))).toBe(id)
  })

  test.each<[string, RunProcess]>([
    ['it cannot be started', noProcess],
    ['it fails', says(output, 1)],
    ['it was killed', says(output, null)],
    ['it says something else', says('nothing')],
  ])('is refused when %s', async (_what, runProcess) => {
    await expect(read(runProcess)).rejects.toThrow(MachineIdError)
  })
})

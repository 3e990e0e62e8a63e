import { describe, expect, test } from 'vitest'
import { option, type Program, section } from './declaration.ts'
import { formatFaults } from './fault.ts'
import { load } from './load.ts'
import { renderExample } from './render-example.ts'
import { renderHelp } from './render-help.ts'
import { renderManual } from './render-manual.ts'
import { loadTexts } from './testing/load-texts.ts'
import { textList } from './types/lists.ts'
import { bool, int } from './types/numbers.ts'
import { secret, text } from './types/texts.ts'

const sections = {
  door: section({
    title: 'Door',
    description: 'Who comes in.',
    options: {
      name: option(text(), {
        default: 'front',
        flag: 'name',
        short: 'n',
        env: ['DOOR_NAME'],
        description: 'Its name. More.',
      }),
      code: option(secret(), { flag: 'code', env: ['DOOR_CODE'], description: 'What opens it.' }),
      guests: option(textList(), { default: [], flag: 'guest', wholeFlag: true, description: 'Who may.' }),
      colors: option(textList(), { default: [], flag: 'color', description: 'How it looks.' }),
      bell: option(int(), { feature: 'planned', default: 3, description: 'How loud.' }),
      lock: option(bool(), { default: true, flag: 'lock', description: 'Whether it is locked.' }),
      old_limit: option(int(), { default: 0, deprecatedFor: 'room.limit', description: 'Older place.' }),
    },
  }),
  room: section({
    title: 'Room',
    description: 'What is behind.',
    options: {
      limit: option(int({ min: 0 }), { default: 10, flag: 'limit', set: true, description: 'How many fit.' }),
    },
  }),
}
const house: Program<typeof sections> = {
  name: 'house',
  summary: 'a house.',
  usage: 'house [flags]',
  examples: ['house --name back'],
  implicitFile: 'house.conf',
  sections,
  flags: [
    { flag: 'config', short: 'c', placeholder: 'FILE', description: 'The file.' },
    { flag: 'version', placeholder: '', description: 'The version.' },
    { flag: 'help', short: 'h', placeholder: '', description: 'This text.' },
    { flag: 'gone', placeholder: '', description: '', dead: 'nobody needs it' },
  ],
  deadKeys: [{ section: 'door', key: 'handle', reason: 'doors open by themselves' }],
  faultFrame: { prefix: 'Bad house: ', suffix: '.' },
}

function resolved(texts: Parameters<typeof loadTexts>[1]) {
  const loaded = loadTexts(house, texts)
  if (loaded.kind !== 'resolved') throw new Error(JSON.stringify(loaded))
  return loaded.resolution
}
const faultsOf = (file: string) => resolved({ file }).faults

describe('precedence', () => {
  const file = '[door]\nname = "from file"\n'
  const older = { DOOR_NAME: 'from older variable' }
  const env = { ...older, RPORT_DOOR_NAME: 'from variable' }

  test('flag, variable, file, older variable, default', () => {
    expect(resolved({ argv: ['--name', 'from flag'], env, file }).settings.door.name).toBe('from flag')
    expect(resolved({ env, file }).settings.door.name).toBe('from variable')
    expect(resolved({ env: older, file }).settings.door.name).toBe('from file')
    expect(resolved({ env: older }).settings.door.name).toBe('from older variable')
    expect(resolved({}).settings.door.name).toBe('front')
  })

  test('an older variable that is overruled is named', () => {
    const fields = { variable: 'DOOR_NAME', where: 'house.conf:2' }
    expect(resolved({ env: older, file }).notices).toContainEqual(expect.objectContaining({ fields }))
    expect(resolved({ env: older }).notices).toEqual([])
  })

  test('an empty variable counts as not set', () => {
    expect(resolved({ env: { RPORT_DOOR_NAME: '' }, file }).settings.door.name).toBe('from file')
  })

  test('a fault in the environment is reported by its name', () => {
    expect(resolved({ env: { RPORT_ROOM_LIMIT: 'many' } }).faults[0]?.where).toBe(
      'environment variable RPORT_ROOM_LIMIT = "many"',
    )
  })
})

describe('flags', () => {
  test('a list flag splits at commas unless it takes texts whole', () => {
    const { door } = resolved({
      argv: ['--guest', 'a,b', '--guest', 'c', '--color', 'red,blue', '--color', 'green'],
    }).settings
    expect(door.guests).toEqual(['a,b', 'c'])
    expect(door.colors).toEqual(['red', 'blue', 'green'])
  })

  test('the last of repeated single values counts', () => {
    expect(resolved({ argv: ['-n', 'a', '-nb', '--lock=false'] }).settings.door).toMatchObject({
      name: 'b',
      lock: false,
    })
  })

  test('a dead flag is a notice', () => {
    expect(resolved({ argv: ['--gone'] }).notices).toEqual([
      { level: 'warn', message: 'a flag is ignored', fields: { flag: '--gone', reason: 'nobody needs it' } },
    ])
  })

  test('help and version win over everything else', () => {
    expect(loadTexts(house, { argv: ['--help', '--nonsense'] }).kind).toBe('help')
    expect(loadTexts(house, { argv: ['--version', 'x'] }).kind).toBe('version')
  })

  test('an argument is no command of a program without arguments', () => {
    expect(loadTexts(house, { argv: ['user'] })).toMatchObject({
      faults: [{ kind: 'usage', message: 'unknown command "user" for "house"' }],
    })
  })

  test('a command behind flags is told where it belongs', () => {
    const program = { ...house, commands: [{ name: 'doctor', summary: 'says what is wrong' }] }
    expect(loadTexts(program, { argv: ['--gone', 'doctor'] })).toMatchObject({
      faults: [{ kind: 'usage', message: 'the command comes first: house doctor …' }],
    })
  })
})

describe('the file', () => {
  const readFile = (code: string) => () => {
    throw Object.assign(new Error('refused'), { code })
  }
  const from = (argv: string[], code: string) => load(house, { argv, env: {}, cwd: '/work', readFile: readFile(code) })

  test('need not be there unless it is named', () => {
    expect(from([], 'ENOENT').kind).toBe('resolved')
    expect(from(['-c', 'x.conf'], 'ENOENT')).toMatchObject({
      faults: [{ message: 'error reading config file: open x.conf: no such file or directory' }],
    })
  })

  test('must be readable when it is there', () => {
    expect(from([], 'EACCES')).toMatchObject({
      faults: [{ message: 'error reading config file: open house.conf: permission denied' }],
    })
  })

  test('is looked for from the current folder', () => {
    const paths: string[] = []
    for (const argv of [['-c', 'sub/a.conf'], ['-c', '/abs/a.conf'], ['-c', 'C:\\a.conf'], []]) {
      load(house, { argv, env: {}, cwd: '/work', readFile: (path) => `# ${paths.push(path)}` })
    }
    expect(paths).toEqual(['/work/sub/a.conf', '/abs/a.conf', 'C:\\a.conf', '/work/house.conf'])
  })
})

describe('keys', () => {
  test('an unknown one is refused with line and the nearest', () => {
    expect(faultsOf('[door]\n\nnmae = "x"\n')).toEqual([
      {
        kind: 'setting',
        message: 'unknown key nmae in section [door]',
        where: 'house.conf:3',
        fix: 'did you mean name?',
      },
    ])
  })

  test('one of another section is sent there', () => {
    expect(faultsOf('[door]\nlimit = 5\n')[0]?.fix).toBe('move it: limit belongs into section [room]')
  })

  test('an unknown section is refused with the nearest', () => {
    expect(faultsOf('[dor]\nx = 1\n')[0]).toMatchObject({
      message: 'unknown section [dor]',
      fix: 'did you mean [door]?',
    })
    expect(faultsOf('[garden]\nx = 1\n')[0]?.fix).toBe('use one of [door], [room]')
  })

  test('a dead one is a notice with the reason', () => {
    const { faults, notices } = resolved({ file: '[door]\nhandle = 1\n' })
    expect(faults).toEqual([])
    const fields = { setting: '[door] handle', where: 'house.conf:2', reason: 'doors open by themselves' }
    expect(notices).toEqual([{ level: 'warn', message: 'a setting is ignored', fields }])
  })

  test('a variable that is nearly one is a notice; others are left alone', () => {
    const { notices } = resolved({ env: { RPORT_DOOR_NAMES: 'x', RPORT_SOMETHING: 'y' } })
    expect(notices.map(({ fields }) => fields)).toEqual([
      { variable: 'RPORT_DOOR_NAMES', suggestion: 'RPORT_DOOR_NAME' },
    ])
  })

  test('a planned one warns when it is not its default', () => {
    expect(resolved({ file: '[door]\nbell = 3\n' }).notices).toEqual([])
    expect(resolved({ file: '[door]\nbell = 4\n' }).notices).toMatchObject([
      { level: 'warn', fields: { setting: '[door] bell', where: 'house.conf:2' } },
    ])
  })
})

describe('deprecated settings', () => {
  test('move to the new place and are reported', () => {
    const { settings, notices, origin } = resolved({ file: '[door]\nold_limit = 7\n[room]\nlimit = 8\n' })
    expect(settings.room.limit).toBe(7)
    expect(origin('room.limit')).toMatchObject({ line: 2 })
    expect(notices).toMatchObject([{ level: 'info', fields: { setting: '[door] old_limit', now: '[room] limit' } }])
  })

  test('do not move when they say nothing, or when a stronger origin speaks', () => {
    expect(resolved({ file: '[door]\nold_limit = 0\n[room]\nlimit = 8\n' }).settings.room.limit).toBe(8)
    expect(resolved({ argv: ['--limit', '9'], file: '[door]\nold_limit = 7\n' }).settings.room.limit).toBe(9)
  })
})

describe('faults', () => {
  test('come all together, each with its place, its value and a fix', () => {
    const faults = faultsOf('[door]\nlock = "maybe"\nfoo = 1\n[room]\nlimit = -1\n')
    expect(formatFaults(house, faults)).toBe(
      [
        'Bad house: [door] lock is neither true nor false.',
        '  house.conf:2: [door] lock = "maybe"',
        '  Fix: write true or false',
        'Bad house: [room] limit is less than 0.',
        '  house.conf:5: [room] limit = -1',
        '  Fix: write a whole number from 0 up',
        'Bad house: unknown key foo in section [door].',
        '  house.conf:3',
        '  Fix: remove it, or correct its name; the manual lists all keys',
        '',
      ].join('\n'),
    )
  })

  test('never show a secret', () => {
    const { faults, object } = resolved({ file: '[door]\ncode = ["hunter2"]\n' })
    expect(formatFaults(house, faults)).not.toContain('hunter2')
    object(['door.code'], 'again')
    expect(faults).toHaveLength(1)
  })

  test('of settings together name each of them', () => {
    const { faults, object } = resolved({ env: { RPORT_DOOR_CODE: 'hunter2' }, file: '[room]\nlimit = 1\n' })
    object(['door.code', 'room.limit', 'door.name'], { message: 'too many', fix: 'remove one' })
    expect(faults).toEqual([
      {
        kind: 'setting',
        message: 'too many',
        where:
          'environment variable RPORT_DOOR_CODE = "********"\n  house.conf:2: [room] limit = 1\n  [door] name is not set',
        fix: 'remove one',
      },
    ])
  })

  test('on the command line point to the help', () => {
    const loaded = loadTexts(house, { argv: ['--nmae', 'x'] })
    const text = loaded.kind === 'faults' ? formatFaults(house, loaded.faults) : ''
    expect(text).toBe('Error: unknown flag: --nmae. Did you mean --name? See house --help\n')
  })
})

test('settings are frozen', () => {
  const { settings } = resolved({})
  expect(Object.isFrozen(settings)).toBe(true)
  expect(Object.isFrozen(settings.door)).toBe(true)
})

describe('from the same declaration', () => {
  test('the example file has every setting that is not deprecated, and can be read', () => {
    const example = renderExample(house)
    expect(example).toMatch(/^#name = "front"$/m)
    expect(example).toMatch(/^limit = 10$/m)
    expect(example).not.toContain('old_limit')
    expect(faultsOf(example)).toEqual([])
    expect(faultsOf(example.replaceAll(/^#(?!#)/gm, ''))).toEqual([])
  })

  test('the help has each flag on one line, with its default', () => {
    expect(renderHelp(house)).toMatch(/^ {2}-n, --name TEXT +Its name\. \(default "front"\)$/m)
    expect(renderHelp(house)).not.toContain('--gone')
  })

  test('the manual has each setting with flag and variable', () => {
    expect(renderManual(house)).toContain(
      '| `name` | text | `"front"` | `--name` `-n` `RPORT_DOOR_NAME` `DOOR_NAME` | Its name. More. |',
    )
    expect(renderManual(house)).toContain('| `old_limit` | `room.limit` |')
    expect(renderManual(house)).toContain('| `[door] handle` | doors open by themselves |')
  })
})

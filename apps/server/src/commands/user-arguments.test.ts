import { expect, test } from 'vitest'
import { parseUserArguments } from './user-arguments.ts'

test.each([
  [['list'], { kind: 'list' }, []],
  [['list', '-c', '/etc/x.conf'], { kind: 'list' }, ['--config', '/etc/x.conf']],
  [['--data-dir=/d', 'delete', 'ada'], { kind: 'delete', username: 'ada' }, ['--data-dir', '/d']],
  [
    ['add', 'ada', '--group', 'a', '--group=b'],
    { kind: 'add', username: 'ada', groups: ['a', 'b'], sendTo: '', fromStdin: false },
    [],
  ],
  [['password', 'ada', '--password-stdin'], { kind: 'password', username: 'ada', fromStdin: true }, []],
  [
    ['change', 'ada', '--name', 'eda', '--no-groups', '--expire'],
    { kind: 'change', username: 'ada', change: { username: 'eda', groups: [], passwordExpired: true } },
    [],
  ],
  [
    ['change', 'ada', '--2fa-sendto', 'a@example.com', '--reset-totp'],
    { kind: 'change', username: 'ada', change: { sendTo: 'a@example.com', resetsTotp: true } },
    [],
  ],
  [['change', 'ada'], { kind: 'change', username: 'ada', change: {} }, []],
  [['add', '--help'], { kind: 'help' }, []],
  [[], { kind: 'help' }, []],
])('user %j', (argv, task, serverArguments) => {
  expect(parseUserArguments(argv)).toEqual({ task, serverArguments })
})

test.each([
  [['ad', 'ada'], 'there is no task "ad"'],
  [['toString'], 'there is no task "toString"'],
  [['add'], '"add" needs the name of a user'],
  [['add', 'ada', 'lovelace'], '"add" takes one name; blanks in it need quotes'],
  [['list', 'ada'], '"list" takes no name'],
  [['delete', 'ada', '--reset-totp'], '--reset-totp means nothing to "delete"'],
  [['delete', 'ada', '--group', 'a'], '--group means nothing to "delete"'],
  [['change', 'ada', '--group', 'a', '--no-groups'], '--group and --no-groups exclude each other'],
  [['add', 'ada', '--password', 'secret'], "Unknown option '--password'"],
  [['add', 'ada', '--group'], "Option '--group <value>' argument missing"],
])('user %j is refused: %s', (argv, reason) => {
  expect(() => parseUserArguments(argv)).toThrow(reason)
  expect(() => parseUserArguments(argv)).not.toThrow('secret')
})

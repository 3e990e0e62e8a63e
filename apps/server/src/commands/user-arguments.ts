import { parseArgs } from 'node:util'
import { StartError } from '@rport/host'

/** What `rportd user …` is asked to do. */
export type UserTask =
  | { readonly kind: 'help' }
  | { readonly kind: 'list' }
  | {
      readonly kind: 'add'
      readonly username: string
      readonly groups: readonly string[]
      readonly sendTo: string
      readonly fromStdin: boolean
    }
  | { readonly kind: 'change'; readonly username: string; readonly change: UserTaskChange }
  | { readonly kind: 'delete'; readonly username: string }
  | { readonly kind: 'password'; readonly username: string; readonly fromStdin: boolean }

/** Absent: stays as it is. */
export interface UserTaskChange {
  readonly username?: string
  readonly groups?: readonly string[]
  readonly passwordExpired?: boolean
  /** Where codes of the second factor go. */
  readonly sendTo?: string
  /** The user sets up another authenticator app at the next login. */
  readonly resetsTotp?: true
}

/** A command line of `rportd user`. */
export interface UserCommandLine {
  readonly task: UserTask
  /** Flags that lead to the server's settings, as `rportd` itself takes them. */
  readonly serverArguments: readonly string[]
}

export const USER_HELP = `Usage: rportd user <task> [NAME] [flags]

  list                                 show all users and their groups
  add NAME [--group GROUP]... [--2fa-sendto ADDRESS]
                                       create a user; without --password-stdin a password is made and shown
  change NAME [--name NEW] [--group GROUP]... [--no-groups] [--expire] [--2fa-sendto ADDRESS] [--reset-totp]
                                       rename, replace the groups, ask for a new password at the next login,
                                       send codes of the second factor elsewhere, forget the authenticator app
  delete NAME                          delete a user with his sessions and API tokens
  password NAME                        set a new password; every session of the user ends

Flags:
  -c, --config FILE     the configuration of the server
      --data-dir DIR    its data folder, when there is no configuration
      --password-stdin  read the password from the standard input

Works while the server runs and while it does not. Run it as the user that rportd runs as:
  sudo -u rport rportd user list -c /etc/rport/rportd.conf
`

const options = {
  config: { type: 'string', short: 'c' },
  'data-dir': { type: 'string' },
  group: { type: 'string', multiple: true },
  'no-groups': { type: 'boolean' },
  name: { type: 'string' },
  expire: { type: 'boolean' },
  '2fa-sendto': { type: 'string' },
  'reset-totp': { type: 'boolean' },
  'password-stdin': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Which flags mean something to which task, besides those that lead to the server. */
const flagsOf: Readonly<Record<Exclude<UserTask['kind'], 'help'>, readonly string[]>> = {
  list: [],
  add: ['group', '2fa-sendto', 'password-stdin'],
  change: ['group', 'no-groups', 'name', 'expire', '2fa-sendto', 'reset-totp'],
  delete: [],
  password: ['password-stdin'],
}
const EVERYWHERE: readonly string[] = ['config', 'data-dir', 'help']

/** Reads what follows `rportd user`. @throws StartError that says what is wrong and what is expected */
export function parseUserArguments(argv: readonly string[]): UserCommandLine {
  const { values, positionals } = parse(argv)
  const serverArguments = [
    ...(values.config === undefined ? [] : ['--config', values.config]),
    ...(values['data-dir'] === undefined ? [] : ['--data-dir', values['data-dir']]),
  ]
  const [kind, username, ...rest] = positionals
  if (values.help || kind === undefined) return { task: { kind: 'help' }, serverArguments }
  if (!isTask(kind)) throw usage(`there is no task ${JSON.stringify(kind.slice(0, 40))}`)
  const foreign = Object.keys(values).find((flag) => ![...EVERYWHERE, ...flagsOf[kind]].includes(flag))
  if (foreign !== undefined) throw usage(`--${foreign} means nothing to "${kind}"`)
  if (kind === 'list') {
    if (username !== undefined) throw usage('"list" takes no name')
    return { task: { kind }, serverArguments }
  }
  if (username === undefined) throw usage(`"${kind}" needs the name of a user`)
  if (rest.length > 0) throw usage(`"${kind}" takes one name; blanks in it need quotes`)
  const fromStdin = values['password-stdin'] === true
  switch (kind) {
    case 'add':
      return {
        task: { kind, username, groups: values.group ?? [], sendTo: values['2fa-sendto'] ?? '', fromStdin },
        serverArguments,
      }
    case 'password':
      return { task: { kind, username, fromStdin }, serverArguments }
    case 'delete':
      return { task: { kind, username }, serverArguments }
    case 'change':
      return { task: { kind, username, change: toChange(values) }, serverArguments }
  }
}

function toChange(values: ReturnType<typeof parse>['values']): UserTaskChange {
  if (values['no-groups'] && values.group) throw usage('--group and --no-groups exclude each other')
  const groups = values['no-groups'] ? [] : values.group
  return {
    ...(values.name === undefined ? {} : { username: values.name }),
    ...(groups === undefined ? {} : { groups }),
    ...(values.expire ? { passwordExpired: true } : {}),
    ...(values['2fa-sendto'] === undefined ? {} : { sendTo: values['2fa-sendto'] }),
    ...(values['reset-totp'] ? { resetsTotp: true } : {}),
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    // Its message names the flag and never a value.
    throw usage(error instanceof Error ? error.message : 'the flags cannot be read')
  }
}

const isTask = (text: string): text is keyof typeof flagsOf => Object.hasOwn(flagsOf, text)
const usage = (message: string) => new StartError(`user: ${message}. "rportd user --help" shows how it is used.`)

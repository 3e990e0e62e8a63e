import { systemClock } from '@rport/kit'
import { openStores } from '../compose-stores.ts'
import type { ServerConfig } from '../config/index.ts'
import { type AuditEvent, createOfflineRecorder, type OfflineRecorder } from '../features/auditlog/index.ts'
import { randomSecret } from '../features/first-start/index.ts'
import { endStoredSessions } from '../features/login/index.ts'
import { forgetStoredFactors } from '../features/second-factors/index.ts'
import { createTokens } from '../features/tokens/index.ts'
import {
  createPasswordRules,
  createUserService,
  type User,
  type UserInput,
  type UserService,
} from '../features/users/index.ts'
import { passOnVaultNames } from '../features/vault/index.ts'
import { createPasswords } from '../passwords/index.ts'
import { atTerminal } from './at-terminal.ts'
import type { Command, CommandDeps } from './command.ts'
import { requireOwnFolder } from './own-folder.ts'
import { parseUserArguments, USER_HELP, type UserTask } from './user-arguments.ts'

type Work = Exclude<UserTask, { kind: 'help' }>

/**
 * `rportd user …`: the users of a server, through the same rules as the API. The stores are opened beside a running
 * server, which looks at them at every request, so that what is done here counts at once.
 */
export const userCommand: Command = {
  name: 'user',
  usage: USER_HELP,
  async run(words, deps) {
    const { task, serverArguments } = parseUserArguments(words)
    if (task.kind === 'help') {
      await deps.print(USER_HELP)
      return 0
    }
    await administrate(task, deps.settings(serverArguments), deps)
    return 0
  },
}

async function administrate(task: Work, config: ServerConfig, deps: CommandDeps): Promise<void> {
  const { log } = deps
  await requireOwnFolder(config.dataDir, 'user')
  const passwords = createPasswords({ clock: systemClock })
  const stores = await openStores({
    dataDir: config.dataDir,
    usersConfig: config.users,
    clientsAuthConfig: config.clientsAuth,
    databaseConfig: config.database,
    passwords,
    clock: systemClock,
    log,
  })
  try {
    const forgetFactorsOf = (username: string) => forgetStoredFactors(stores.db, username)
    const tokens = createTokens({ db: stores.db, isAdmin: () => false, clock: systemClock, log })
    const service = createUserService({
      directory: stores.users,
      passwords,
      passwordRules: createPasswordRules({
        minLength: config.users.passwordMinLength,
        minScore: config.users.passwordMinScore,
      }),
      belongings: {
        endSessionsOf: (username) => endStoredSessions(stores.db, username),
        deleteTokensOf: tokens.service.deleteAllOf,
        forgetFactorsOf,
        // Tunnels are in the memory of a running server: they lose the name when somebody takes it there.
        passOn: (from, to) => passOnVaultNames(stores.db, from, to),
      },
      // Whoever sits at the terminal may leave the address for codes to the user, and knows where they arrive.
      factorRules: {
        keepsSendTo: true,
        needsSendTo: false,
        sendToFault: async () => undefined,
        totpSecretFault: () => undefined,
      },
      log,
    })
    const resetTotp = async (username: string) => {
      await stores.users.update(username, { totpSecret: '' })
      await forgetFactorsOf(username)
    }
    const recorder = createOfflineRecorder({
      db: stores.db,
      enabled: config.audit.enabled,
      by: { by: `rportd user ${task.kind}`, ...(await atTerminal()) },
      clock: systemClock,
      log,
    })
    await carryOut(task, { service, resetTotp, recorder }, deps)
  } finally {
    await stores.close()
  }
}

const nothing: UserInput = {
  username: undefined,
  password: undefined,
  passwordExpired: undefined,
  groups: undefined,
  twoFaSendTo: undefined,
  totpSecret: undefined,
}

interface Tools {
  readonly service: UserService
  resetTotp(username: string): Promise<void>
  readonly recorder: OfflineRecorder
}

async function carryOut(task: Work, { service, resetTotp, recorder }: Tools, deps: CommandDeps): Promise<void> {
  const { print } = deps
  if (task.kind === 'list') return print(toTable(await service.list()))
  const name = JSON.stringify(task.username)
  const recorded = (work: () => Promise<void>) => recorder.recorded(eventOf(task), work)
  switch (task.kind) {
    case 'add': {
      const password = await passwordFor(task, deps)
      const { username, groups, sendTo: twoFaSendTo } = task
      await recorded(() => service.create({ ...nothing, username, groups, twoFaSendTo, password: password.text }))
      return print(`user ${name} created${password.note}\n`)
    }
    case 'change': {
      const { resetsTotp, sendTo: twoFaSendTo, ...change } = task.change
      const isAll = resetsTotp && twoFaSendTo === undefined && Object.keys(change).length === 0
      await recorded(async () => {
        if (resetsTotp) await resetTotp(task.username)
        if (!isAll) await service.update(task.username, { ...nothing, ...change, twoFaSendTo })
      })
      return print(`user ${name} changed\n`)
    }
    case 'delete':
      await recorded(() => service.delete(task.username))
      return print(`user ${name} deleted\n`)
    case 'password': {
      const password = await passwordFor(task, deps)
      await recorded(() => service.update(task.username, { ...nothing, password: password.text }))
      return print(`user ${name} has a new password${password.note}\n`)
    }
  }
}

/** The row of the audit log: the words of the API, and what the command line asks for but passwords. */
function eventOf(task: Exclude<Work, { kind: 'list' }>): AuditEvent {
  const affectedId = task.username
  switch (task.kind) {
    case 'add':
      return { application: 'auth.user', action: 'create', affectedId, request: { groups: task.groups } }
    case 'change': {
      const { username, groups, passwordExpired, sendTo, resetsTotp } = task.change
      const request = {
        username,
        groups,
        password_expired: passwordExpired,
        two_fa_send_to: sendTo,
        reset_totp: resetsTotp,
      }
      return { application: 'auth.user', action: 'update', affectedId, request }
    }
    case 'password':
      return { application: 'auth.user', action: 'update', affectedId }
    case 'delete':
      return { application: 'user', action: 'delete', affectedId }
  }
}

/** One from the standard input, or one that is made here and shown. */
async function passwordFor({ fromStdin }: { fromStdin: boolean }, deps: CommandDeps) {
  if (fromStdin) return { text: (await deps.readInput()).replace(/\r?\n$/, ''), note: '' }
  const text = randomSecret()
  return { text, note: `: ${text}` }
}

function toTable(users: readonly User[]): string {
  const rows = users.map((user) => [user.username, user.groups.join(', '), user.passwordExpired ? 'expired' : ''])
  const table = [['NAME', 'GROUPS', 'PASSWORD'], ...rows]
  const width = (column: number) => Math.max(...table.map((row) => (row[column] ?? '').length))
  const [first, second] = [width(0), width(1)]
  const lines = table.map(([name = '', groups = '', password = '']) =>
    `${name.padEnd(first)}  ${groups.padEnd(second)}  ${password}`.trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

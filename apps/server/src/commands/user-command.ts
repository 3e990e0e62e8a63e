import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from '@rport/host'
import { errorCode, systemClock } from '@rport/kit'
import { DATABASE_FILE, openStores } from '../compose-stores.ts'
import type { ServerConfig } from '../config/index.ts'
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
import { createPasswords } from '../passwords/index.ts'
import type { Command, CommandDeps } from './command.ts'
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
  await requireOwnFolder(config.dataDir)
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
    await carryOut(task, { service, resetTotp }, deps)
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
}

async function carryOut(task: Work, { service, resetTotp }: Tools, deps: CommandDeps): Promise<void> {
  const { print } = deps
  switch (task.kind) {
    case 'list':
      return print(toTable(await service.list()))
    case 'add': {
      const password = await passwordFor(task, deps)
      const { username, groups, sendTo: twoFaSendTo } = task
      await service.create({ ...nothing, username, groups, twoFaSendTo, password: password.text })
      return print(`user ${JSON.stringify(task.username)} created${password.note}\n`)
    }
    case 'change': {
      const { resetsTotp, sendTo: twoFaSendTo, ...change } = task.change
      if (resetsTotp) await resetTotp(task.username)
      const isAll = resetsTotp && twoFaSendTo === undefined && Object.keys(change).length === 0
      if (!isAll) await service.update(task.username, { ...nothing, ...change, twoFaSendTo })
      return print(`user ${JSON.stringify(task.username)} changed\n`)
    }
    case 'delete':
      await service.delete(task.username)
      return print(`user ${JSON.stringify(task.username)} deleted\n`)
    case 'password': {
      const password = await passwordFor(task, deps)
      await service.update(task.username, { ...nothing, password: password.text })
      return print(`user ${JSON.stringify(task.username)} has a new password${password.note}\n`)
    }
  }
}

/** One from the standard input, or one that is made here and shown. */
async function passwordFor({ fromStdin }: { fromStdin: boolean }, deps: CommandDeps) {
  if (fromStdin) return { text: (await deps.readInput()).replace(/\r?\n$/, ''), note: '' }
  const text = randomSecret()
  return { text, note: `: ${text}` }
}

/** Files that another user makes in the folder could keep the server out of it. */
async function requireOwnFolder(dataDir: string): Promise<void> {
  const uid = process.geteuid?.()
  const found = await stat(join(dataDir, DATABASE_FILE)).catch((error: unknown) => {
    const reason = errorCode(error) === 'EACCES' ? 'it may not be read by this user' : 'start rportd once first'
    throw new StartError(
      `there is no database of a server in ${dataDir}: ${reason}, or name the folder with --data-dir`,
    )
  })
  if (uid === undefined || found.uid === uid) return
  throw new StartError(
    `${dataDir} belongs to the user with the number ${found.uid}: run this as that user, "sudo -u '#${found.uid}' rportd user …"`,
  )
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

import { type Api, createApi } from './api-client.ts'
import { type Program, startProgram } from './program.ts'
import { RPORTD } from './programs.ts'
import { type RunResult, run } from './run.ts'
import type { Scope } from './scope.ts'
import { createServerFolder, type ServerFolder } from './server-folder.ts'
import type { Settings } from './toml.ts'

/** A command hashes a password and writes a few rows: more than enough on a busy machine. */
const COMMAND_LIMIT_MS = 20_000

/** A server that keeps its users in tables of its own. */
export interface UserServer extends ServerFolder {
  /** Where the API is, without a path. */
  readonly baseUrl: string
  /** The process of now. @throws before the first start */
  readonly program: Program
  /** Starts a process; resolves when it says that its API listens. Again after `program.stop()` or `program.kill()`. */
  start(): Promise<Program>
  /** Runs `rportd user …` with the server's configuration. */
  user(...words: string[]): Promise<RunResult>
  /** Runs `rportd user add`. @returns the password that it printed @throws what it printed instead */
  addUser(name: string, ...words: string[]): Promise<string>
  /** The API as this user calls it. */
  as(user: string, password: string): Api
}

export interface UserServerOptions {
  settings?: Settings
  /** Variables beside those of the test run. */
  env?: Readonly<Record<string, string>>
}

/** A user server that has not started yet; the scope ends what is started of it. */
export async function createUserServer(
  scope: Scope,
  { settings = {}, env }: UserServerOptions = {},
): Promise<UserServer> {
  const place = await createServerFolder(scope, { settings })
  const { folder, config } = place
  const baseUrl = `http://127.0.0.1:${place.apiPort}`
  const rportd = { name: 'rportd', command: RPORTD, cwd: folder, ...(env && { env: { ...process.env, ...env } }) }
  let program: Program | undefined
  const server: UserServer = {
    ...place,
    baseUrl,
    get program() {
      if (program === undefined) throw new Error('this server was never started')
      return program
    },
    async start() {
      program = startProgram(scope, { ...rportd, args: ['-c', config] })
      // Its own word: on its port somebody else could answer.
      await program.waitFor(/API listening/)
      return program
    },
    user: (...words) =>
      run(scope, { ...rportd, name: 'rportd user', args: ['user', ...words, '-c', config], limitMs: COMMAND_LIMIT_MS }),
    async addUser(name, ...words) {
      const { output } = await server.user('add', name, ...words)
      const password = /^user "[^"]*" created: (\w{24})\n$/.exec(output)?.[1]
      if (password === undefined) throw new Error(`no user was made: ${output}`)
      return password
    },
    as: (user, password) => createApi({ baseUrl, user, password }),
  }
  return server
}

/** A user server that runs. */
export async function startUserServer(scope: Scope, options: UserServerOptions = {}): Promise<UserServer> {
  const server = await createUserServer(scope, options)
  await server.start()
  return server
}

import { existsSync, readdirSync } from 'node:fs'
import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { type Program, startProgram } from './program.ts'
import { run } from './run.ts'
import type { Scope } from './scope.ts'

const MARIADBD = '/usr/sbin/mariadbd'
const MARIADB_INSTALL = '/usr/bin/mariadb-install-db'
/** The client that comes with the server. */
const MARIADB = '/usr/bin/mariadb'
const POSTGRES_VERSIONS = '/usr/lib/postgresql'

/** Both servers refuse to run as root, or should: then they run as the user `nobody` of every Debian. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const UNPRIVILEGED = isRoot ? ['/usr/bin/setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []

/** The folder of the newest PostgreSQL's programs; Debian keeps them off the PATH. */
const postgresPrograms = (): string | undefined => {
  const versions = existsSync(POSTGRES_VERSIONS) ? readdirSync(POSTGRES_VERSIONS) : []
  const newest = versions.toSorted((left, right) => Number(right) - Number(left))[0]
  const folder = newest && join(POSTGRES_VERSIONS, newest, 'bin')
  return folder && existsSync(join(folder, 'initdb')) ? folder : undefined
}

/** Why stories with MariaDB are left out on this machine; undefined when they are told. */
export const mariadbMissing = existsSync(MARIADBD) ? undefined : 'no mariadbd on this machine (Debian: mariadb-server)'
/** Why stories with PostgreSQL are left out on this machine; undefined when they are told. */
export const postgresMissing = postgresPrograms() ? undefined : 'no postgres on this machine (Debian: postgresql)'

/** A real database server on the loopback address, with one empty database, in a folder of its own. */
export interface TestDatabaseServer {
  /** As `[database] db_type` names it. */
  readonly kind: 'mysql' | 'postgres'
  readonly port: number
  readonly host: string
  /** Path of its socket. */
  readonly socket: string
  readonly user: string
  readonly password: string
  /** Of the database. */
  readonly name: string
  /** An orderly end of the server; what it stored stays. */
  stop(): Promise<void>
  /** Starts it again on the same port; settles when it takes connections. */
  start(): Promise<void>
  /** Runs statements as an administrator would, beside the program under test. */
  run(statements: string): Promise<void>
}

const USER = 'rport'
const PASSWORD = 'database-password-1'

/** Starts MariaDB; the scope ends it. */
export async function startMariadb(scope: Scope): Promise<TestDatabaseServer> {
  const folder = await ownFolder(scope, 'mariadb')
  const data = join(folder, 'data')
  const setUp = join(folder, 'set-up.sql')
  await writeFile(
    setUp,
    `CREATE DATABASE IF NOT EXISTS rport CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS '${USER}'@'%' IDENTIFIED BY '${PASSWORD}';
GRANT ALL ON rport.* TO '${USER}'@'%';
`,
    { mode: 0o644 },
  )
  const options = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve']
  const installed = await run(scope, {
    name: 'mariadb-install-db',
    prefix: UNPRIVILEGED,
    command: MARIADB_INSTALL,
    args: ['--no-defaults', `--datadir=${data}`, ...options],
    cwd: folder,
    limitMs: 60_000,
  })
  if (installed.code !== 0) throw new Error(`mariadb-install-db failed:\n${installed.output}`)
  const port = await freePort()
  const socket = join(folder, 'socket')
  const launch = async () => {
    const program = startProgram(scope, {
      name: 'mariadbd',
      prefix: UNPRIVILEGED,
      command: MARIADBD,
      args: [
        ...['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, `--port=${port}`, `--init-file=${setUp}`],
        ...['--bind-address=127.0.0.1', '--skip-name-resolve', '--skip-log-bin', `--pid-file=${join(folder, 'pid')}`],
        ...['--innodb-buffer-pool-size=16M', '--innodb-flush-log-at-trx-commit=0', '--performance-schema=OFF'],
      ],
      cwd: folder,
    })
    await program.waitFor(/ready for connections/, 60_000)
    return program
  }
  return server(scope, 'mysql', { port, socket, name: 'rport' }, await launch(), launch)
}

/** Starts PostgreSQL; the scope ends it. */
export async function startPostgres(scope: Scope): Promise<TestDatabaseServer> {
  const folder = await ownFolder(scope, 'postgres')
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, PASSWORD, { mode: 0o644 })
  const programs = postgresPrograms() ?? ''
  const made = await run(scope, {
    name: 'initdb',
    prefix: UNPRIVILEGED,
    command: join(programs, 'initdb'),
    args: ['-D', data, '-U', USER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync', '-E', 'UTF8'],
    cwd: folder,
    limitMs: 60_000,
  })
  if (made.code !== 0) throw new Error(`initdb failed:\n${made.output}`)
  const port = await freePort()
  const launch = async () => {
    const program = startProgram(scope, {
      name: 'postgres',
      prefix: UNPRIVILEGED,
      command: join(programs, 'postgres'),
      args: ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-F'],
      cwd: folder,
    })
    await program.waitFor(/ready to accept connections/, 60_000)
    return program
  }
  return server(
    scope,
    'postgres',
    { port, socket: join(folder, `.s.PGSQL.${port}`), name: 'postgres' },
    await launch(),
    launch,
  )
}

async function ownFolder(scope: Scope, name: string): Promise<string> {
  const folder = await scope.folder(name)
  if (isRoot) await chown(folder, NOBODY, NOBODY)
  return folder
}

function server(
  scope: Scope,
  kind: TestDatabaseServer['kind'],
  place: Pick<TestDatabaseServer, 'port' | 'socket' | 'name'>,
  first: Program,
  launch: () => Promise<Program>,
): TestDatabaseServer {
  let program = first
  const stop = async () => {
    // PostgreSQL waits for its clients on SIGTERM, and does not on SIGINT.
    program.signal(kind === 'postgres' ? 'SIGINT' : 'SIGTERM')
    await program.exited
  }
  scope.add(stop)
  return {
    kind,
    ...place,
    host: `127.0.0.1:${place.port}`,
    user: USER,
    password: PASSWORD,
    stop,
    async start() {
      program = await launch()
      // The scope ends what was added last first, and this is the gentler way.
      scope.add(stop)
    },
    async run(statements) {
      const done = await run(scope, { name: `client of ${kind}`, ...clientOf(kind, place, statements) })
      if (done.code !== 0) throw new Error(`statements failed:\n${done.output}`)
    },
  }
}

/** The command line that belongs to the server, which gets its password from the environment. */
function clientOf(
  kind: TestDatabaseServer['kind'],
  { port, name }: { port: number; name: string },
  statements: string,
) {
  if (kind === 'postgres') {
    const place = ['-h', '127.0.0.1', '-p', String(port), '-U', USER, '-d', name]
    return {
      command: join(postgresPrograms() ?? '', 'psql'),
      args: ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...place, '-c', statements],
      env: { ...process.env, PGPASSWORD: PASSWORD },
    }
  }
  return {
    command: MARIADB,
    args: [
      '--no-defaults',
      '--protocol=tcp',
      '-h',
      '127.0.0.1',
      '-P',
      String(port),
      '-u',
      USER,
      '-e',
      statements,
      name,
    ],
    env: { ...process.env, MYSQL_PWD: PASSWORD },
  }
}

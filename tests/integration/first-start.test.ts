import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Api,
  createApi,
  createScope,
  freePorts,
  type Program,
  ROOT,
  RPORT,
  RPORTD,
  type Scope,
  startProgram,
  until,
} from '../harness/index.ts'

/** util-linux's way to give a program a terminal. */
const SCRIPT = '/usr/bin/script'
const asRoot = process.getuid?.() === 0 ? ['--allow-root'] : []

/** What a first start shows to the one person who may see it. */
interface Note {
  text: string
  user: string
  password: string
  agents: string
  fingerprint: string
  /** The line to paste on a machine. */
  agentLine: string[]
}

function readNote(text: string): Note {
  const find = (label: string) => new RegExp(`^ {2}${label} +(\\S+)\\s*$`, 'm').exec(text)?.[1] ?? ''
  const agentLine = /^ {2}(bin\/rport .*?)\s*$/m.exec(text)?.[1] ?? ''
  return {
    text,
    user: find('user'),
    password: find('password'),
    agents: find('agents'),
    fingerprint: find('fingerprint'),
    agentLine: agentLine.split(' '),
  }
}

let scope: Scope
let folder: string
let dataDir: string
let agentPort: number
let apiPort: number
beforeEach(async () => {
  scope = createScope()
  folder = await scope.folder('first-start')
  dataDir = join(folder, 'data')
  ;[agentPort = 0, apiPort = 0] = await freePorts(2)
})
afterEach(() => scope.close())

/** Starts rportd as `npm start` does, without any configuration file. */
function start(how: 'on a terminal' | 'as a service'): Program {
  const words = [RPORTD, '--data-dir', dataDir, '--addr', `127.0.0.1:${agentPort}`]
  words.push('--api-addr', `127.0.0.1:${apiPort}`, ...asRoot)
  if (how === 'as a service')
    return startProgram(scope, { name: 'rportd', command: RPORTD, args: words.slice(1), cwd: folder })
  const args = ['-qefc', words.join(' '), '/dev/null']
  const terminal = startProgram(scope, { name: 'rportd', command: SCRIPT, args, cwd: folder })
  // It passes SIGTERM on. Killed it would leave rportd behind, to which a terminal that is gone only means "reload".
  scope.add(async () => void (await terminal.stop()))
  return terminal
}

const apiOf = (note: Note): Api =>
  createApi({ baseUrl: `http://127.0.0.1:${apiPort}`, user: note.user, password: note.password })

/** Waits for the API; a server that ended instead says why. */
async function answers(server: Program): Promise<void> {
  await until('the API answers, or the server has ended', async () => {
    if (server.hasExited) return true
    return (await fetch(`http://127.0.0.1:${apiPort}/api/v1/status`)).status === 401
  })
  if (server.hasExited) throw new Error(`rportd ended at its start:\n${server.output.slice(-4000)}`)
}

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

describe.skipIf(!existsSync(SCRIPT))('a first start on a terminal', () => {
  test('shows the secrets once, and with them a person gets in and connects a machine', async () => {
    const server = start('on a terminal')
    await server.waitFor(/bin\/rport .*--auth \S+ --fingerprint \S+ \S+/)
    await answers(server)
    const note = readNote(server.output)
    expect(note.password).toMatch(/^\w{20,}$/)
    expect((await apiOf(note).get('/api/v1/me')).json.data).toMatchObject({ username: note.user })

    const [, ...words] = note.agentLine
    startProgram(scope, {
      name: 'rport',
      command: RPORT,
      args: [...words, '--data-dir', join(folder, 'agent')],
      cwd: ROOT,
    })
    await until('the machine is connected', async () =>
      (await apiOf(note).clients()).some((client) => client.connection_state === 'connected'),
    )
    await server.stop()

    const again = start('on a terminal')
    await answers(again)
    for (const secret of [note.password, note.agents.split(':')[1] ?? '']) {
      expect(again.output).not.toContain(secret)
      expect(note.text.split(secret).length).toBeLessThanOrEqual(3) // the list, and the line to paste
    }
    expect((await apiOf(note).get('/api/v1/me')).status).toBe(200)
    expect(readNote(again.output).fingerprint).toBe('')
  })

  test('keeps no secret in a file that can be read by others, and none in clear text', async () => {
    const server = start('on a terminal')
    await server.waitFor(/bin\/rport .*--auth \S+ --fingerprint \S+ \S+/)
    await answers(server)
    const note = readNote(server.output)
    await server.stop()
    expect(await modeOf(dataDir)).toBe('700')
    for (const file of await filesBelow(dataDir)) {
      expect(await modeOf(file), file).toBe('600')
      const bytes = await readFile(file)
      expect(bytes.includes(note.password), file).toBe(false)
      expect(bytes.includes(note.agents.split(':')[1] ?? ''), file).toBe(false)
    }
  })
})

describe('a first start as a service', () => {
  test('writes the secrets to a private file that the log names, and never to the log', async () => {
    const server = start('as a service')
    await answers(server)
    const [, file = ''] = await server.waitFor(/file=(\S+first-start\.txt)/)
    expect(await modeOf(file)).toBe('600')
    const note = readNote(await readFile(file, 'utf8'))
    expect((await apiOf(note).get('/api/v1/me')).status).toBe(200)
    expect(server.output).not.toContain(note.password)
    expect(server.output).not.toContain(note.agents.split(':')[1] ?? '-')
  })

  test('leaves the mode of a folder alone that was there before', async () => {
    await mkdir(dataDir)
    await chmod(dataDir, 0o750)
    await answers(start('as a service'))
    expect(await modeOf(dataDir)).toBe('750')
  })

  test('keeps its host key and its users over a kill -9 right after the start', async () => {
    const server = start('as a service')
    const [, file = ''] = await server.waitFor(/file=(\S+first-start\.txt)/)
    await server.kill()
    const note = readNote(await readFile(file, 'utf8'))
    await answers(start('as a service'))
    await until('the user is let in', async () => (await apiOf(note).get('/api/v1/me')).status === 200)
    expect((await apiOf(note).get('/api/v1/status')).json.data.fingerprint).toBe(note.fingerprint)
  })

  test('will not share its folder with a second server', async () => {
    const first = start('as a service')
    await answers(first)
    ;[agentPort = 0, apiPort = 0] = await freePorts(2)
    const second = start('as a service')
    expect((await second.exited).code).toBe(1)
    expect(second.output).toContain(dataDir)
    expect(second.output).toContain(String(first.pid))
  })
})

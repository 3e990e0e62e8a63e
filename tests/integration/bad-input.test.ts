import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN, createScope, startServer, type TestServer, within } from '../harness/index.ts'

const MEGABYTE = 1024 * 1024
const SENT_BYTES = 100 * MEGABYTE
/** What the process may grow by while ten such bodies come in: all of them together would be a gigabyte. */
const MAX_GROWTH_BYTES = 200 * MEGABYTE
const BODIES_AT_ONCE = 10

const scope = createScope()
let server: TestServer
beforeAll(async () => {
  // Whoever sends nonsense at a login is banned in the end; here that would be the test.
  server = await startServer(scope, { settings: { api: { max_failed_login: 1000 } } })
})
afterAll(() => scope.close())

const authorization = `Basic ${Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString('base64')}`

/** The most memory that the server has ever had; undefined where the system does not say. */
async function peakBytes(): Promise<number | undefined> {
  const status = await readFile(join('/proc', String(server.program.pid), 'status'), 'utf8').catch(() => '')
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

/** Sends a body as fast as it is taken, and tells the answer and how much was taken. */
function sendBody(head: readonly string[], chunkOf: (bytes: Buffer) => Buffer) {
  const { promise, resolve } = Promise.withResolvers<{ answer: string; takenBytes: number }>()
  const socket = connect({ port: server.apiPort, host: '127.0.0.1' })
  const chunk = chunkOf(Buffer.alloc(MEGABYTE / 4, 'x'))
  let answer = ''
  let takenBytes = 0
  const pump = () => {
    while (!socket.destroyed && takenBytes < SENT_BYTES) {
      takenBytes += chunk.length
      if (!socket.write(chunk)) {
        socket.once('drain', pump)
        return
      }
    }
  }
  socket.on('connect', () => {
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    pump()
  })
  socket.on('data', (data: Buffer) => {
    answer += data.toString()
  })
  // The server may cut the line of a sender that does not stop; what counts is what it has said before.
  socket.on('error', () => undefined)
  socket.on('close', () => resolve({ answer, takenBytes }))
  return within(promise, 'the connection of a body that is too large ends', 30_000)
}

const headOf = (path: string, contentType: string, length: string) => [
  `POST ${path} HTTP/1.1`,
  'Host: 127.0.0.1',
  `Content-Type: ${contentType}`,
  `Authorization: ${authorization}`,
  length,
]
const inChunks = (bytes: Buffer) =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
const asTheyAre = (bytes: Buffer) => bytes
const ANNOUNCED = `Content-Length: ${SENT_BYTES}`
const CHUNKED = 'Transfer-Encoding: chunked'

describe('a body of 100 MB', () => {
  test.each([
    ['announced', '/api/v1/client-groups', 'application/json', ANNOUNCED, asTheyAre],
    ['without a length', '/api/v1/client-groups', 'application/json', CHUNKED, inChunks],
    ['of a form, before any login', '/api/v1/login', 'application/x-www-form-urlencoded', CHUNKED, inChunks],
  ] as const)('%s is refused before it has come, and costs no memory', async (_how, path, type, length, chunkOf) => {
    const before = await peakBytes()
    const sent = await Promise.all(
      Array.from({ length: BODIES_AT_ONCE }, () => sendBody(headOf(path, type, length), chunkOf)),
    )
    for (const { answer, takenBytes } of sent) {
      // compat: the original says 400 for bodies beyond max_request_bytes, too.
      if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*request body too large/)
      expect(takenBytes).toBeLessThan(SENT_BYTES)
    }
    expect(sent.some(({ answer }) => answer !== '')).toBe(true)
    const after = await peakBytes()
    if (before !== undefined && after !== undefined) expect(after - before).toBeLessThan(MAX_GROWTH_BYTES)
    expect((await server.api.get('/api/v1/status')).status).toBe(200)
  })
})

interface Parameter {
  name: string
  schema?: { properties?: Record<string, unknown> }
}

/** Every list that the API describes, with the columns that it can be filtered and sorted by. */
async function describedLists() {
  const { json } = await server.api.get('/api/v1/openapi.json')
  const operations = Object.entries(json.paths as Record<string, { get?: { parameters?: Parameter[] } }>)
  return operations.flatMap(([path, { get }]) => {
    const parameters = get?.parameters ?? []
    const filter = parameters.find(({ name }) => name === 'filter')
    const isPaged = parameters.some(({ name }) => name === 'page')
    return filter || isPaged ? [{ path, columns: Object.keys(filter?.schema?.properties ?? {}), isPaged }] : []
  })
}

const HOSTILE = [
  "' OR '1'='1",
  "'; DROP TABLE audit_log; --",
  '") UNION SELECT * FROM users --',
  "\\' OR 1=1 /*",
  "*' ESCAPE '*",
  '%_\\%',
  '\0',
  '\ud800',
]
/** What a name in brackets may hold besides: it is no column then, and no SQL either. */
const HOSTILE_NAMES = ["id' OR 1=1 --", 'id) OR (1=1', '__proto__', 'constructor', 'rowid', 'id\0']
const OFFSETS = ['9007199254740991', '2147483648', '9223372036854775807', '99999999999999999999', '-1', '1e9', 'NaN']

describe('lists', () => {
  beforeAll(async () => {
    await server.api.call('POST', '/api/v1/vault-admin/init', { password: 'a password of the vault' })
    const group = { id: 'kept', description: "O'Brien", params: {} }
    expect((await server.api.call('POST', '/api/v1/client-groups', group)).status).toBe(201)
  })

  test('take SQL in filters and sorts for text: nothing is found by it, nothing is changed by it', async () => {
    const lists = await describedLists()
    expect(lists.length).toBeGreaterThan(4)
    const faults: string[] = []
    const rowsOf = async (path: string) => (await server.api.get(`/api/v1${path}`)).json?.data?.length
    for (const { path, columns } of lists) {
      const before = path === '/auditlog' ? undefined : await rowsOf(path)
      const queries = [
        ...columns.flatMap((column) => HOSTILE.map((text) => [`filter[${column}]`, text] as const)),
        ...HOSTILE_NAMES.flatMap((name) => [[`filter[${name}]`, 'x'] as const, ['sort', name] as const]),
      ]
      for (const [name, value] of queries) {
        const query = `${encodeURIComponent(name)}=${encodeURIComponent(value.toWellFormed())}`
        const reply = await server.api.get(`/api/v1${path}?${query}`)
        const isEmpty = reply.status === 200 && (reply.json.data ?? []).length === 0
        const isIgnored = reply.status === 200 && !columns.some((column) => name === `filter[${column}]`)
        if (!isEmpty && !isIgnored && reply.status !== 400) faults.push(`${path} ${name}=${value}: ${reply.status}`)
      }
      if (before !== undefined) expect([path, await rowsOf(path)]).toEqual([path, before])
    }
    expect(faults).toEqual([])
    expect(server.program.output).not.toMatch(/SQLITE_|syntax error/)
  })

  test('answer pages that lie behind everything with nothing, and offsets that are no numbers with 400', async () => {
    const faults: string[] = []
    for (const { path, isPaged } of await describedLists()) {
      if (!isPaged) continue
      for (const offset of OFFSETS) {
        const reply = await server.api.get(`/api/v1${path}?page[offset]=${offset}&page[limit]=1`)
        const isEmpty = reply.status === 200 && (reply.json.data ?? []).length === 0
        if (!isEmpty && reply.status !== 400) faults.push(`${path} ${offset}: ${reply.status} ${reply.text}`)
      }
    }
    expect(faults).toEqual([])
  })
})

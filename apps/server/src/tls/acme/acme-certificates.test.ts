import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFakeClock, createMemoryLogger, type FakeClock, type MemoryLogger } from '@rport/kit/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeCertificate } from '../testing/make-certificate.ts'
import { type AcmeCertificates, openAcmeCertificates } from './acme-certificates.ts'
import { createAcmeFolder } from './acme-folder.ts'
import { createPendingProofs } from './pending-proofs.ts'

const DAY_MS = 86_400_000
const DIRECTORY = 'https://ca.example.com/directory'

let path = ''
let clock: FakeClock
let log: MemoryLogger
let opened: AcmeCertificates
/** What the authority does at its next orders; without any more it refuses. */
let answers: (() => Promise<{ certificate: string; key: string }>)[]
let orders = 0
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'rport-acme-')), 'acme')
  clock = createFakeClock(Date.now())
  log = createMemoryLogger()
  answers = []
  orders = 0
})
afterEach(async () => {
  await opened.close()
  expect(clock.pending).toBe(0)
  rmSync(join(path, '..'), { recursive: true })
})

async function open(directoryUrl = DIRECTORY) {
  opened = await openAcmeCertificates({
    name: 'rport.example.com',
    directoryUrl,
    folder: createAcmeFolder({ path, log }),
    createAuthority: () => ({
      async obtain() {
        orders += 1
        const answer = answers.shift()
        if (!answer) throw new Error('no address found for rport.example.com')
        return answer()
      },
    }),
    proofs: createPendingProofs('http-01'),
    clock,
    log,
  })
  return opened
}
const issue =
  (name: string, days = 90) =>
  () =>
    makeCertificate({ name, validFromAt: clock.now(), validToAt: clock.now() + days * DAY_MS })
const ordered = (count: number) => vi.waitFor(() => expect(orders).toBe(count))
/** Starts and waits for the first certificate. */
async function startAndObtain(certificates: AcmeCertificates) {
  const obtained = new Promise((resolve) => certificates.onChange((pair) => resolve(pair.names)))
  certificates.start()
  return obtained
}

test('until there is a certificate one that nobody trusts is shown, and the first order goes out at the start', async () => {
  const certificates = await open()
  expect(certificates.current().names).toContain('rport.example.com')
  expect(orders).toBe(0)
  answers.push(issue('first.example.com'))
  expect(await startAndObtain(certificates)).toContain('first.example.com')
  expect(certificates.current().names).toContain('first.example.com')
})

test('a certificate outlives a restart, in files that nobody else can read', async () => {
  answers.push(issue('first.example.com'))
  await startAndObtain(await open())
  await opened.close()
  const again = await open()
  expect(again.current().names).toContain('first.example.com')
  again.start()
  expect(orders).toBe(1)
  const modes = ['', 'account.key', 'rport.example.com.json'].map((name) => statSync(join(path, name)).mode & 0o777)
  expect(modes).toEqual([0o700, 0o600, 0o600])
  expect(readFileSync(join(path, 'account.key'), 'utf8')).toContain('PRIVATE KEY')
})

test('another authority orders anew', async () => {
  answers.push(issue('first.example.com'))
  await startAndObtain(await open())
  await opened.close()
  const other = await open('https://other.example.com/directory')
  expect(other.current().names).not.toContain('first.example.com')
})

test('a third of its life before the end a certificate is renewed', async () => {
  answers.push(issue('first.example.com'))
  await startAndObtain(await open())
  await clock.advance(59 * DAY_MS)
  expect(orders).toBe(1)
  answers.push(issue('second.example.com'))
  await clock.advance(2 * DAY_MS)
  await vi.waitFor(() => expect(opened.current().names).toContain('second.example.com'))
})

test('a failed order is told with its reason and tried again later and later; SIGHUP tries at once', async () => {
  const certificates = await open()
  certificates.start()
  await vi.waitFor(() => expect(log.lines.at(-1)).toMatchObject({ level: 'error' }))
  expect(log.lines.at(-1)).toMatchObject({
    message: 'no certificate could be had: callers cannot trust this server yet',
    fields: { reason: 'no address found for rport.example.com', retryMinutes: 5 },
  })
  await clock.advance(5 * 60_000)
  await ordered(2)
  await vi.waitFor(() => expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(2))
  answers.push(issue('first.example.com'))
  await certificates.reload()
  expect(certificates.current().names).toContain('first.example.com')
  await certificates.reload()
  expect(orders).toBe(3)
})

test('a failed renewal leaves the old certificate in use', async () => {
  answers.push(issue('first.example.com'))
  await startAndObtain(await open())
  await clock.advance(61 * DAY_MS)
  await vi.waitFor(() => expect(log.lines.at(-1)).toMatchObject({ level: 'warn' }))
  expect(opened.current().names).toContain('first.example.com')
})

test('a certificate whose key is another one is not taken', async () => {
  const { certificate } = await makeCertificate()
  const { key } = await makeCertificate()
  answers.push(() => Promise.resolve({ certificate, key }))
  const certificates = await open()
  certificates.start()
  await vi.waitFor(() => expect(log.text()).toContain('the key does not belong'))
  expect(certificates.current().certificate).not.toBe(certificate)
})

test('an authority that hangs is given up', async () => {
  answers.push(() => new Promise(() => undefined))
  const certificates = await open()
  certificates.start()
  await ordered(1)
  await clock.advance(10 * 60_000)
  await vi.waitFor(() => expect(log.text()).toContain('did not finish in 10 minutes'))
})

test.each(['', '{', '{"directoryUrl": 5}', JSON.stringify({ directoryUrl: DIRECTORY, certificate: 'x', key: 'y' })])(
  'a kept file with %j is warned of and replaced',
  async (text) => {
    answers.push(issue('first.example.com'), issue('second.example.com'))
    await startAndObtain(await open())
    await opened.close()
    writeFileSync(join(path, 'rport.example.com.json'), text)
    expect(await startAndObtain(await open())).toContain('second.example.com')
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  },
)

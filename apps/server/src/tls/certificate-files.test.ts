import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFakeClock, createMemoryLogger, type FakeClock, type MemoryLogger } from '@rport/kit/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openCertificateFiles } from './certificate-files.ts'
import type { Certificates } from './certificates.ts'
import { makeCertificate } from './testing/make-certificate.ts'

let folder = ''
let clock: FakeClock
let log: MemoryLogger
let opened: Certificates | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rport-tls-'))
  clock = createFakeClock(Date.now())
  log = createMemoryLogger()
})
afterEach(async () => {
  await opened?.close()
  opened = undefined
  rmSync(folder, { recursive: true })
})

const certFile = () => join(folder, 'server.crt')
const keyFile = () => join(folder, 'server.key')
const write = ({ certificate, key }: { certificate?: string; key?: string }) => {
  if (certificate !== undefined) writeFileSync(certFile(), certificate)
  if (key !== undefined) writeFileSync(keyFile(), key, { mode: 0o600 })
}
const open = async () => {
  opened = await openCertificateFiles({
    certFile: certFile(),
    keyFile: keyFile(),
    complaint: "API: invalid 'cert_file', 'key_file'",
    clock,
    log,
  })
  return opened
}
const messages = () => log.lines.map(({ level, message }) => `${level}: ${message}`)

test('a renewed pair is in force within five seconds, and its listener is told', async () => {
  write(await makeCertificate({ name: 'old.example.com' }))
  const certificates = await open()
  expect(certificates.current().names).toContain('old.example.com')
  const told = new Promise((resolve) => certificates.onChange((pair) => resolve(pair.names)))
  write(await makeCertificate({ name: 'new.example.com' }))
  await clock.advance(5000)
  expect(await told).toContain('new.example.com')
  expect(certificates.current().names).toContain('new.example.com')
})

test('SIGHUP takes a new pair at once', async () => {
  write(await makeCertificate())
  const certificates = await open()
  write(await makeCertificate({ name: 'new.example.com' }))
  await certificates.reload()
  expect(certificates.current().names).toContain('new.example.com')
})

test('while a renewal has written only one of both files nothing is said and the old pair serves', async () => {
  write(await makeCertificate({ name: 'old.example.com' }))
  const certificates = await open()
  const next = await makeCertificate({ name: 'new.example.com' })
  write({ certificate: next.certificate })
  await clock.advance(5000)
  write({ key: next.key })
  const told = new Promise((resolve) => certificates.onChange(resolve))
  await clock.advance(5000)
  await told
  expect(messages()).toEqual(['info: new certificate in use'])
})

test('a pair that stays broken is logged once, and the old one serves until there is a good one', async () => {
  write(await makeCertificate({ name: 'old.example.com' }))
  const certificates = await open()
  write({ certificate: (await makeCertificate()).certificate })
  for (let turn = 0; turn < 4; turn += 1) await clock.advance(5000)
  await vi.waitFor(() => expect(log.lines).toHaveLength(1))
  await certificates.close()
  expect(log.lines).toMatchObject([
    { level: 'error', fields: { reason: expect.stringContaining('the key does not belong') } },
  ])
  expect(certificates.current().names).toContain('old.example.com')
})

test('files that vanish are reported when somebody asks for a reload, each time', async () => {
  write(await makeCertificate())
  const certificates = await open()
  rmSync(keyFile())
  await certificates.reload()
  await certificates.reload()
  expect(messages()).toEqual(Array(2).fill('error: new certificate not taken, the old one stays'))
  expect(log.lines[0]?.fields['reason']).toContain('there is no such file')
})

test('a certificate that is about to end is reported once a day', async () => {
  write(await makeCertificate({ validToAt: Date.now() + 3 * 86_400_000 }))
  const certificates = await open()
  await certificates.reload()
  clock.jump(86_400_000)
  await certificates.reload()
  clock.jump(3 * 86_400_000)
  await certificates.reload()
  expect(messages()).toEqual([
    'warn: the certificate ends soon: renew it',
    'warn: the certificate ends soon: renew it',
    'error: the certificate has ended: browsers refuse it, renew it',
  ])
})

test('a certificate of tomorrow points at the clock', async () => {
  write(await makeCertificate({ validFromAt: Date.now() + 86_400_000 }))
  await open()
  expect(messages()).toEqual(['error: the certificate is not valid yet: is the clock of this machine right?'])
})

test('a key that everybody can read is said with the fix', async () => {
  write(await makeCertificate())
  rmSync(keyFile())
  const { certificate, key } = await makeCertificate()
  write({ certificate })
  writeFileSync(keyFile(), key, { mode: 0o644 })
  expect(statSync(keyFile()).mode & 0o004).not.toBe(0)
  await open()
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { fix: `chmod o= ${keyFile()}` } }])
})

test('files that cannot be used stop the start with setting, reason and paths', async () => {
  await expect(open()).rejects.toThrow(
    `API: invalid 'cert_file', 'key_file': cannot read ${certFile()}: there is no such file. Files: ${certFile()}, ${keyFile()}`,
  )
  write({ certificate: (await makeCertificate()).certificate, key: (await makeCertificate()).key })
  await expect(open()).rejects.toThrow(
    /the key does not belong to the certificate.*Files: .*server\.crt, .*server\.key/,
  )
})

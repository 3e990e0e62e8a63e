import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger as log } from '@rport/kit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadSecretSealing } from './secret-sealing.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'rport-sealing-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

test('what is sealed opens after a restart, and not with another key', async () => {
  const first = await loadSecretSealing({ dataDir, log })
  const sealed = first.seal('otpauth://totp/x?secret=AAAA')
  expect(sealed).not.toContain('AAAA')
  const second = await loadSecretSealing({ dataDir, log })
  expect(second.open(sealed)).toBe('otpauth://totp/x?secret=AAAA')
  expect(statSync(join(dataDir, 'totp_key')).mode & 0o777).toBe(0o600)
  rmSync(join(dataDir, 'totp_key'))
  const other = await loadSecretSealing({ dataDir, log })
  expect(() => other.open(sealed)).toThrow('another key')
})

test('the empty text stays empty, and a text that nobody sealed is itself', async () => {
  const { seal, open } = await loadSecretSealing({ dataDir, log })
  expect([seal(''), open(''), open('otpauth://x')]).toEqual(['', '', 'otpauth://x'])
})

test('a damaged key stops the start and stays as it is', async () => {
  writeFileSync(join(dataDir, 'totp_key'), 'half a key\n', { mode: 0o600 })
  await expect(loadSecretSealing({ dataDir, log })).rejects.toThrow('64 hexadecimal digits')
  expect(readFileSync(join(dataDir, 'totp_key'), 'utf8')).toBe('half a key\n')
})

import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, silentLogger } from '@rport/kit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadJwtSecret } from './jwt-secret.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'rport-jwt-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

it('the configured key is used as it is, and nothing is written', async () => {
  const key = await loadJwtSecret({ configured: new Secret('short'), dataDir, log: silentLogger })
  expect(key.reveal()).toBe('short')
  expect(existsSync(join(dataDir, 'jwt_secret'))).toBe(false)
})

it('a key of our own is random, private, and the same after a restart', async () => {
  const load = () => loadJwtSecret({ configured: undefined, dataDir, log: silentLogger })
  const made = (await load()).reveal()
  expect(made).toMatch(/^[0-9a-f]{64}$/)
  expect(statSync(join(dataDir, 'jwt_secret')).mode & 0o777).toBe(0o600)
  expect((await load()).reveal()).toBe(made)
})

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@rport/kit'
import { afterAll, expect, test } from 'vitest'
import { type CodeDeliveryOptions, openCodeDelivery } from './open-code-delivery.ts'

const folder = mkdtempSync(join(tmpdir(), 'rport-open-codes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'deliver'), '#!/bin/sh\n')
chmodSync(join(folder, 'deliver'), 0o700)
writeFileSync(join(folder, 'text'), 'no program')
chmodSync(join(folder, 'text'), 0o600)

const base: CodeDeliveryOptions = {
  delivery: undefined,
  receivers: 'none',
  pattern: undefined,
  baseUrl: 'https://rport.example.com',
  mail: {
    server: 'mail:25',
    sender: 'r@example.com',
    username: undefined,
    password: undefined,
    implicitTls: false,
    trustedCertificates: undefined,
  },
  pushover: { apiToken: new Secret('t'), userKey: undefined },
  environment: { PATH: folder },
}
const open = (more: Partial<CodeDeliveryOptions>) => openCodeDelivery({ ...base, ...more })

test.each([
  [undefined, undefined],
  [{ kind: 'smtp' }, 'email'],
  [{ kind: 'pushover' }, 'pushover'],
  [{ kind: 'url', url: 'https://x' }, 'url'],
  [{ kind: 'script', program: join(folder, 'deliver') }, 'script'],
  [{ kind: 'script', program: 'deliver' }, 'script'],
] as const)('%j sends codes by %s', async (delivery, method) => {
  expect((await open({ delivery }))?.method).toBe(method)
})

test.each([join(folder, 'missing'), 'missing', join(folder, 'text').replace('text', 'no/text')])(
  'a program that cannot be run stops the start: %s',
  async (program) => {
    await expect(open({ delivery: { kind: 'script', program } })).rejects.toThrow(
      `API: unknown 2fa token delivery method: ${program}`,
    )
  },
)

test('what a way needs and does not have stops the start', async () => {
  const pushover = { apiToken: undefined, userKey: undefined }
  await expect(open({ delivery: { kind: 'pushover' }, pushover })).rejects.toThrow('api_token')
  const mail = { ...base.mail, server: undefined }
  await expect(open({ delivery: { kind: 'smtp' }, mail })).rejects.toThrow('[smtp] server')
  const script = { kind: 'script', program: 'deliver' } as const
  await expect(open({ delivery: script, receivers: 'regex', pattern: '(' })).rejects.toThrow('two_fa_send_to_regex')
})

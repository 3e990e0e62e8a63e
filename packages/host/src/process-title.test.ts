import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const child = (body: string) => `
import { setProcessTitle } from ${JSON.stringify(join(import.meta.dirname, 'process-title.ts'))}
import { readFileSync } from 'node:fs'
${body}
console.log(readFileSync('/proc/self/cmdline', 'latin1').replaceAll('\\0', ' ').trim())`

const secrets = ['--', '--auth', 'user:hunter2', '--key=hunter2']

test.runIf(process.platform === 'linux')('secrets of the command line vanish from the process list', () => {
  const script = child(`setProcessTitle('rportd', ['-c', '/etc/rportd.conf'])`)
  const args = ['--input-type=module', '-e', script, ...secrets]
  const seen = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()
  expect(seen).toBe('rportd -c /etc/rportd.conf')
})

test.runIf(process.platform === 'linux')('so they do where the runtime keeps the title to itself', () => {
  const script = child(`
    Object.defineProperty(process, 'title', { set() {}, get: () => '' })
    setProcessTitle('rport', ['-c', '/etc/rport.conf'])
    console.log(readFileSync('/proc/self/comm', 'utf8').trim())`)
  const args = ['--input-type=module', '-e', script, ...secrets]
  const seen = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()
  expect(seen).toBe('rport\nrport -c /etc/rport.conf')
})

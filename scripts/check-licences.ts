/**
 * Licences and known holes of what we ship. Development tools are not looked at: they never reach a user.
 * A registry without advisories, or none at all, is said in one line; it is no fault of the change at hand.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readAdvisories } from './lib/advisories.ts'
import { type Lockfile, licenceFaults, shippedPackages } from './lib/licences.ts'

const AUDIT_DEADLINE_MS = 30_000
const root = join(import.meta.dirname, '..')

const lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lockfile
const packages = shippedPackages(lockfile)
const faults = licenceFaults(packages)
for (const fault of faults) console.log(`licence not on the list of scripts/lib/licences.ts: ${fault}`)

const audit = spawnSync('npm', ['audit', '--json', '--omit=dev', '--fetch-retries=0'], {
  cwd: root,
  encoding: 'utf8',
  timeout: AUDIT_DEADLINE_MS,
  maxBuffer: 64 * 1024 * 1024,
})
const advisories = readAdvisories(audit.stdout ?? '')
if (advisories.unavailable) console.log(`advisories not checked: ${advisories.unavailable}`)
for (const advisory of advisories.others) console.log(`advisory, not serious: ${advisory}`)
for (const advisory of advisories.serious) console.log(`advisory, update or replace: ${advisory}`)

console.log(`${packages.length} shipped packages looked at`)
process.exitCode = faults.length + advisories.serious.length > 0 ? 1 : 0

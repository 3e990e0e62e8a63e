import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '@rport/host'
import { errorMessage, MS_PER_HOUR } from '@rport/kit'
import { createAcmeFolder, type KeyPair, toKeyPair } from '../tls/index.ts'
import { type Check, fail, ok, type Patient, warn } from './examination.ts'

const CHECK = 'certificate'
/** Whoever renews does so a month or at least two weeks before the end. */
const RENEW_WITHIN_MS = 14 * 24 * MS_PER_HOUR
const READABLE_BY_OTHERS = 0o007

/** The API's certificate: does it fit its key, is it valid, does it name the server? */
export const checkCertificates: Check = async (patient) => {
  const { config, clock } = patient
  const findings: Finding[] = []
  const source = config.api.tls?.source
  if (source?.kind === 'files') {
    findings.push(...(await checkFiles(source, baseHost(config.api.baseUrl), clock.now())))
  } else if (source) findings.push(...(await checkAcme(source, patient)))
  const { certFile, keyFile } = config.tunnels.proxy
  if (certFile !== undefined && keyFile !== undefined) {
    findings.push(...(await checkFiles({ certFile, keyFile }, undefined, clock.now())))
  }
  return findings
}

async function checkFiles(
  { certFile, keyFile }: { certFile: string; keyFile: string },
  host: string | undefined,
  now: number,
): Promise<Finding[]> {
  try {
    const pair = toKeyPair(await readFile(certFile, 'utf8'), await readFile(keyFile, 'utf8'))
    const { mode } = await stat(keyFile)
    const isOpen = (mode & READABLE_BY_OTHERS) !== 0
    return [
      judge(pair, certFile, host, now, 'renew it; a running server takes the new file over by itself'),
      ...(isOpen ? [warn(CHECK, `${keyFile} can be read by every user of this machine`, `chmod o= ${keyFile}`)] : []),
    ]
  } catch (error) {
    return [
      fail(
        CHECK,
        `${errorMessage(error)}. Files: ${certFile}, ${keyFile}`,
        'mend the files; they are looked at every five seconds',
      ),
    ]
  }
}

async function checkAcme(
  { name, directoryUrl }: { name: string; directoryUrl: string },
  { dataDir, clock, log }: Patient,
): Promise<Finding[]> {
  const pair = await createAcmeFolder({ path: join(dataDir, 'acme'), log }).load(name, directoryUrl)
  if (pair)
    return [
      judge(
        pair,
        `from ${new URL(directoryUrl).host}`,
        name,
        clock.now(),
        'look into the log for "certificate": the server renews it by itself',
      ),
    ]
  return [
    warn(
      CHECK,
      `there is none for ${name} yet`,
      `the server asks ${directoryUrl} when it runs; its log says why that fails`,
    ),
  ]
}

function judge(pair: KeyPair, where: string, host: string | undefined, now: number, fix: string): Finding {
  const end = new Date(pair.validToAt).toISOString().slice(0, 10)
  if (now >= pair.validToAt) return fail(CHECK, `${where} has expired on ${end}`, fix)
  if (now < pair.validFromAt) return fail(CHECK, `${where} is not valid yet`, 'check the clock of this machine')
  if (host !== undefined && !isFor(pair, host)) {
    return warn(
      CHECK,
      `${where} is for ${pair.names}, not for ${host} of base_url`,
      'get one for that name, or change base_url',
    )
  }
  if (pair.validToAt - now < RENEW_WITHIN_MS) return warn(CHECK, `${where} expires on ${end}`, fix)
  return ok(CHECK, `${where} is valid until ${end}`)
}

/** As far as it can be told without a caller: names with `*` count for one part. */
function isFor({ names }: KeyPair, host: string): boolean {
  const wildcard = host.replace(/^[^.]+/, '*')
  const known = names.split(', ').map((name) => name.replace(/^(?:DNS|IP Address):/, '').toLowerCase())
  return known.includes(host.toLowerCase()) || known.includes(wildcard.toLowerCase())
}

const baseHost = (baseUrl: string | undefined): string | undefined =>
  baseUrl === undefined ? undefined : new URL(baseUrl).hostname

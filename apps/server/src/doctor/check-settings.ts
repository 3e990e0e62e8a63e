import { stat } from 'node:fs/promises'
import type { Finding } from '@rport/host'
import { type IpNetwork, joinHostPort, parseIp } from '@rport/kit'
import { type Check, type Patient, warn } from './examination.ts'

const READABLE_BY_OTHERS = 0o007
/** What a person makes up in a minute is shorter; "openssl rand -hex 18" is longer. */
const SHORT_SEED_CHARACTERS = 16

/** Settings that work and are unwise. */
export const checkSettings: Check = async (patient) => [
  ...(await checkConfigFile(patient)),
  ...checkSeed(patient),
  ...checkProxies(patient),
  ...checkClearText(patient),
  ...(await checkUnlockFile(patient)),
]

async function checkConfigFile({ config: { file } }: Patient): Promise<Finding[]> {
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined)
  if (!found || (found.mode & READABLE_BY_OTHERS) === 0) return []
  const detail = `${file} can be read by every user of this machine, secrets included`
  return [warn('configuration', detail, `chmod 640 ${file} and give it to the group of the server`)]
}

function checkSeed({ config }: Patient): Finding[] {
  const seed = config.agents.keySeed?.reveal()
  if (seed === undefined || seed.length >= SHORT_SEED_CHARACTERS) return []
  const detail = `key_seed has ${seed.length} characters: who guesses it can play this server towards agents`
  return [
    warn('key seed', detail, 'take "openssl rand -hex 18"; agents that pin the fingerprint need the new one first'),
  ]
}

function checkProxies({ config: { agents, api } }: Patient): Finding[] {
  const isEverybody = (network: IpNetwork) => network.prefixLength === 0
  const findings: Finding[] = []
  for (const [section, networks] of [
    ['server', agents.trustedProxies],
    ['api', api.trustedProxies],
  ] as const) {
    if (!networks.some(isEverybody)) continue
    const detail = `trusted_proxies in [${section}] trusts everybody: bans and allowed addresses can be evaded by a header`
    findings.push(warn('proxies', detail, 'name the addresses of your own proxies only'))
  }
  const speaksPlainly = api.tls === undefined && api.baseUrl?.startsWith('https:') === true
  const trustsLoopbackOnly = api.trustedProxies.every(({ address }) => isLoopback(address.text))
  if (speaksPlainly && api.listen && !isLoopback(api.listen.host) && trustsLoopbackOnly) {
    const detail = `base_url is https, the API speaks http on ${joinHostPort(api.listen.host, api.listen.port)}, and only proxies of this machine are trusted`
    const fix =
      'name the proxy in trusted_proxies of [api], or bans hit the proxy; if it runs on this machine, let the API listen on 127.0.0.1'
    findings.push(warn('proxies', detail, fix))
  }
  return findings
}

function checkClearText({ config: { api } }: Patient): Finding[] {
  if (api.tls || !api.listen || isLoopback(api.listen.host) || api.baseUrl?.startsWith('https:')) return []
  const shown = joinHostPort(api.listen.host, api.listen.port)
  const fix =
    'set cert_file and key_file, or enable_acme, in [api]; or let it listen on 127.0.0.1 behind a proxy that does'
  return [warn('API', `passwords cross the network unencrypted to ${shown}`, fix)]
}

async function checkUnlockFile({ config }: Patient): Promise<Finding[]> {
  const { unlockFile } = config.vault
  if (unlockFile === undefined || (await stat(unlockFile).catch(() => undefined))) return []
  return [
    warn(
      'vault',
      `${unlockFile} of unlock_file is not there: the vault stays locked`,
      'write the password into it, mode 0600',
    ),
  ]
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || parseIp(host)?.bytes[0] === 127

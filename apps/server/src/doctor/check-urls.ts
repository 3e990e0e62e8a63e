import type { Finding } from '@rport/host'
import { errorMessage } from '@rport/kit'
import { ask } from './ask.ts'
import { type Check, ok, type Patient, warn } from './examination.ts'

const CHECK = 'addresses'

/** The published addresses: does this server answer there? Only asked while it runs; from outside it may look different. */
export const checkUrls: Check = async (patient) => {
  const { agents, api } = patient.config
  const findings: Finding[] = []
  for (const url of agents.urls) {
    const host = new URL(url).hostname
    if (host === '0.0.0.0' || host === '[::]') {
      const fix = 'set url in [server] to the address that agents use from outside'
      findings.push(warn(CHECK, 'new agents are told no address of this server', fix))
    } else if (patient.serverPid !== undefined) findings.push(await look('url', url, 404, patient))
  }
  if (api.baseUrl !== undefined && patient.serverPid !== undefined) {
    findings.push(await look('base_url', `${api.baseUrl.replace(/\/+$/, '')}/api/v1/status`, 401, patient))
  }
  return findings
}

async function look(setting: string, url: string, expected: number, { clock }: Patient): Promise<Finding> {
  const address = url.replace(/^ws/, 'http')
  try {
    const { status, location } = await ask(address, { clock })
    if (status === expected) return ok(CHECK, `${setting} ${url} is answered by a server of this kind`)
    const fix = 'check the proxy or the port forwarding in between, and whether the name leads here'
    return warn(
      CHECK,
      `${setting} ${url} answers ${status}${location === undefined ? '' : ` and redirects to ${location}`}`,
      fix,
    )
  } catch (error) {
    const fix = 'check the name, the firewall and the port forwarding; from outside it may still be right'
    return warn(CHECK, `${setting} ${url} cannot be reached from here: ${errorMessage(error)}`, fix)
  }
}

import { createServer } from 'node:net'
import type { Finding } from '@rport/host'
import { errorCode, errorMessage, joinHostPort } from '@rport/kit'
import { ask } from './ask.ts'
import { type Check, fail, ok, type Patient } from './examination.ts'

/** Both ports: served by the server that runs, or free for the one that does not. */
export const checkListeners: Check = async (patient) => {
  const { agents, api } = patient.config
  return [
    await look('agents port', agents.listen, 'http', 'address in [server]', patient),
    ...(api.listen === undefined
      ? [ok('API port', 'no API: set address in [api] to have one')]
      : [await look('API port', api.listen, api.tls ? 'https' : 'http', 'address in [api]', patient)]),
  ]
}

async function look(
  check: string,
  listen: { readonly host: string; readonly port: number },
  scheme: 'http' | 'https',
  setting: string,
  { serverPid, clock }: Patient,
): Promise<Finding> {
  const shown = joinHostPort(listen.host, listen.port)
  if (serverPid === undefined) return lookWhetherFree(check, listen, shown, setting)
  const isEverything = listen.host === '' || listen.host === '0.0.0.0' || listen.host === '::'
  const host = isEverything ? (listen.host === '::' ? '::1' : '127.0.0.1') : listen.host
  try {
    // Its name is not asked for: here it is only about who answers on the port.
    await ask(`${scheme}://${joinHostPort(host, listen.port)}/`, { clock, trustsAnyCertificate: true })
    return ok(check, `${shown} is served`)
  } catch (error) {
    const fix = `look into the server's log; if it has started with other settings, restart it`
    return fail(check, `rportd runs but does not answer on ${shown}: ${errorMessage(error)}`, fix)
  }
}

/** By listening for a moment. */
function lookWhetherFree(
  check: string,
  listen: { readonly host: string; readonly port: number },
  shown: string,
  setting: string,
): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(fail(check, `${shown}: ${error.message}`, adviceFor(error, setting))))
    server.listen({ host: listen.host === '' ? '::' : listen.host, port: listen.port, exclusive: true }, () => {
      server.close(() => resolve(ok(check, `${shown} is free`)))
    })
  })
}

function adviceFor(error: Error, setting: string): string {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return `another program has it (ss -ltnp): stop that one, or change ${setting}`
    case 'EACCES':
      return `ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit, or change ${setting}`
    case 'EADDRNOTAVAIL':
      return `this machine has no such address (ip addr): change ${setting}`
    default:
      return `change ${setting}`
  }
}

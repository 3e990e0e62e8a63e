import { resolve } from 'node:path'
import type { Fault, Surroundings } from '@rport/config'

/** What `--service` takes; `print` shows what `install` would write. */
const SERVICE_ACTIONS = ['install', 'uninstall', 'start', 'stop', 'print'] as const
export type ServiceAction = (typeof SERVICE_ACTIONS)[number]

const isServiceAction = (text: string): text is ServiceAction => SERVICE_ACTIONS.some((known) => known === text)

/** What `--service` was given; nothing else is done then. */
export interface ServiceOrder {
  readonly action: ServiceAction
  /** The settings that the service will read, absolute; undefined: none were named or found. */
  readonly configFile: string | undefined
  readonly user: string
}

/** The user of the packages of the original. */
const SERVICE_USER = 'rport'

/** Undefined: `--service` was not given. `file`: the settings that were read. */
export function readServiceOrder(
  flags: ReadonlyMap<string, readonly string[]>,
  file: string | undefined,
  { cwd }: Surroundings,
): ServiceOrder | { readonly fault: Fault } | undefined {
  const action = flags.get('service')?.at(-1)
  if (action === undefined) return undefined
  const user = flags.get('service-user')?.at(-1) ?? SERVICE_USER
  if (!isServiceAction(action)) {
    return {
      fault: { kind: 'usage', message: 'Unknown service command', fix: `Use one of ${SERVICE_ACTIONS.join(', ')}.` },
    }
  }
  if (!/^[A-Za-z0-9_][\w.@-]{0,63}$/.test(user)) {
    return { fault: { kind: 'usage', message: `--service-user: ${JSON.stringify(user.slice(0, 70))} is no user name` } }
  }
  return { action, user, configFile: file === undefined ? undefined : resolve(cwd, file) }
}

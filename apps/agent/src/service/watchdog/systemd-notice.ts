import { errorMessage, type Logger } from '@rport/kit'
import type { RunProcess } from '../../features/inventory/index.ts'

/** Sends messages to the systemd that started us. */
export interface SystemdNotice {
  /** `READY=1`, `WATCHDOG=1`. Never rejects: what cannot be told is logged once, until it works again. */
  send(message: string): Promise<void>
}

const TIMEOUT_MS = 5000

/**
 * systemd listens on a datagram socket of the kernel's own family, which the runtime cannot speak; systemd's own program
 * does. The unit needs `NotifyAccess=all`, because the message comes from a child of the agent.
 * @see systemd-notify(1), sd_notify(3)
 */
export function createSystemdNotice(deps: { isNotified: boolean; runProcess: RunProcess; log: Logger }): SystemdNotice {
  const { log } = deps
  let hasFailed = false
  return {
    async send(message) {
      if (!deps.isNotified) return
      try {
        const { exitCode } = await deps.runProcess('systemd-notify', [message], {
          timeoutMs: TIMEOUT_MS,
          maxOutputBytes: 1024,
        })
        if (exitCode !== 0) throw new Error(`systemd-notify ended with code ${exitCode}`)
        hasFailed = false
      } catch (error) {
        if (!hasFailed)
          log.warn({ message, reason: errorMessage(error) }, 'systemd cannot be told how the agent is doing')
        hasFailed = true
      }
    },
  }
}

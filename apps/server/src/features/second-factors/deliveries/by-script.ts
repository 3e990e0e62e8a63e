import { RE2JS } from 're2js'
import { runProcess } from '../../../run-process.ts'
import { type CodeDelivery, secondsOf } from './code-delivery.ts'
import { mailAddressFault } from './mail-address.ts'

export interface ScriptDeliveryOptions {
  /** Path of the program; it gets no arguments. */
  readonly program: string
  /** What the program finds beside the code. */
  readonly environment: Readonly<Record<string, string>>
  /** How receivers are checked. */
  readonly receivers: 'none' | 'email' | 'regex'
  /** With `regex`: what must occur in a receiver. */
  readonly pattern: string | undefined
}

/** compat: everything reaches the program by its environment; any other end than 0 means that nothing was sent. */
export function createScriptDelivery({
  program,
  environment,
  receivers,
  pattern,
}: ScriptDeliveryOptions): CodeDelivery {
  const expression = receivers === 'regex' ? RE2JS.compile(pattern ?? '') : undefined
  return {
    method: 'script',
    async send({ sendTo, code, lifetimeMs, userAgent, address }, signal) {
      const env = {
        ...environment,
        RPORT_2FA_TOKEN: code,
        RPORT_2FA_SENDTO: withoutNul(sendTo),
        RPORT_2FA_TOKEN_TTL: secondsOf(lifetimeMs),
        RPORT_2FA_USER_AGENT: withoutNul(userAgent),
        RPORT_2FA_REMOTE_ADDRESS: address,
      }
      const { code: exitCode, stderr } = await runProcess({ program, args: [], env, signal })
      if (exitCode !== 0) throw new Error(`${program} ended with ${exitCode ?? 'a signal'}: ${stderr || '(no words)'}`)
    },
    // The server has found it before it started.
    probe: async () => undefined,
    async receiverFault(sendTo) {
      if (receivers === 'email') return mailAddressFault(sendTo)
      if (expression && !expression.matcher(sendTo).find()) return `does not match ${JSON.stringify(pattern)}`
      return undefined
    },
  }
}

/** No environment can carry it. */
const withoutNul = (text: string): string => text.replaceAll('\0', '')

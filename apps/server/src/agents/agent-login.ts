import type { Logger } from '@rport/kit'

/** Whoever guesses credentials is slowed down; see features/login/lockout.ts. */
export interface AgentLockout {
  isBanned(address: string): boolean
  isPaused(name: string, address: string): boolean
  loginFailed(name: string, address: string): void
  loginSucceeded(name: string, address: string): void
}

export interface AgentLoginDeps {
  readonly lockout: AgentLockout
  /** Judges client auth id and password; takes as long for unknown ids. */
  readonly verifyClientAuth: (clientAuthId: string, password: string) => Promise<boolean>
  /** Told of every wrong password, and of ids that are not known. */
  readonly onLoginFailed: (clientAuthId: string, address: string) => void
  readonly log: Logger
}

/** Judges what an agent from `address` has brought. */
export type AgentLogin = (clientAuthId: string, password: string, address: string) => Promise<boolean>

/** Logins of agents: the credential, and the patience with those who guess. */
export function createAgentLogin({ lockout, verifyClientAuth, onLoginFailed, log }: AgentLoginDeps): AgentLogin {
  return async (clientAuthId, password, address) => {
    if (lockout.isPaused(clientAuthId, address)) {
      log.info({ clientAuthId, address }, 'agent login refused: paused after a failed one')
      return false
    }
    const isRight = await verifyClientAuth(clientAuthId, password)
    if (isRight) {
      lockout.loginSucceeded(clientAuthId, address)
      return true
    }
    lockout.loginFailed(clientAuthId, address)
    // Fixed text and field names: tools such as fail2ban match on them (docs/manual/security.md).
    log.warn({ address, clientAuthId }, 'agent login failed')
    onLoginFailed(clientAuthId, address)
    return false
  }
}

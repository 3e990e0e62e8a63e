import { ApiError, apiError, type clientAuthList, compileFilter, type ListQuery, type Page } from '@rport/api'
import { errorMessage, type Logger } from '@rport/kit'
import { type ClientAuthDirectory, MAX_LENGTH } from './client-auth-directory.ts'

/** compat: shorter ids and passwords are refused, in bytes. */
const MIN_BYTES = 3

/** What becomes of the clients of a credential. */
export interface BoundClients {
  /** Ids of the clients that a credential registered, connected or not. */
  idsOf(clientAuthId: string): ReadonlySet<string>
  /** Disconnects a client and forgets it. Settles when both are done. */
  expel(clientId: string): Promise<void>
}

export interface ClientAuthServiceDeps {
  readonly directory: ClientAuthDirectory
  readonly clients: BoundClients
  /** Ends the connections of credentials that are gone. */
  readonly endRemoved: () => Promise<void>
  readonly log: Logger
}

/** The credentials of agents, as administrators see and change them. Passwords never leave it. */
export interface ClientAuthService {
  /** Ids of one page. @throws client_auth_store_failed */
  list(query: ListQuery<typeof clientAuthList>): Promise<Page<string>>
  /** @throws client_auth_unknown, client_auth_store_failed */
  requireKnown(id: string): Promise<void>
  /** @throws client_auth_single, client_auth_read_only, client_auth_id_invalid, client_auth_password_invalid, client_auth_exists, client_auth_store_failed */
  create(credential: { readonly id: string; readonly password: string }): Promise<void>
  /** @throws client_auth_single, client_auth_read_only; nothing may be changed here */
  requireWritable(): void
  /**
   * Deletes a credential, ends its connections, and with `force` deletes its clients.
   * @throws client_auth_not_found, client_auth_has_clients, client_auth_store_failed and as `requireWritable`
   */
  delete(id: string, options: { readonly force: boolean }): Promise<void>
}

/** The rules, on whatever directory the configuration names. */
export function createClientAuthService(deps: ClientAuthServiceDeps): ClientAuthService {
  const { directory, clients, log } = deps
  /** A store that fails is no fault of the caller, and its messages are not for him. */
  const ask = async <T>(question: Promise<T>): Promise<T> => {
    try {
      return await question
    } catch (error) {
      if (error instanceof ApiError) throw error
      log.error({ error: errorMessage(error) }, 'credentials of agents could not be read or changed')
      throw apiError('client_auth_store_failed', {}, { cause: error })
    }
  }
  const exists = async (id: string) => (await ask(directory.existing([id]))).has(id)
  const requireWritable = () => {
    if (directory.source === 'Static Credentials') throw apiError('client_auth_single')
    if (directory.mode === 'Read Only') throw apiError('client_auth_read_only')
  }

  return {
    async list({ filter, page }) {
      const matches = compileFilter(filter, (id: string) => id)
      const found = (await ask(directory.ids())).filter((id) => matches(id))
      return { items: found.slice(page.offset, page.offset + page.limit), count: found.length }
    },
    async requireKnown(clientAuthId) {
      if (!(await exists(clientAuthId))) throw apiError('client_auth_unknown', { clientAuthId })
    },
    requireWritable,
    async create({ id, password }) {
      requireWritable()
      requireShape(id, password)
      if (!(await ask(directory.create(id, password)))) throw apiError('client_auth_exists', { clientAuthId: id })
      log.info({ clientAuthId: id }, 'credential created')
    },
    async delete(clientAuthId, { force }) {
      requireWritable()
      if (!(await exists(clientAuthId))) throw apiError('client_auth_not_found', { clientAuthId })
      const bound = [...clients.idsOf(clientAuthId)]
      if (bound.length > 0 && !force) throw apiError('client_auth_has_clients', { count: bound.length })
      // First the credential, so that no agent comes back in between.
      if (!(await ask(directory.delete(clientAuthId)))) throw apiError('client_auth_not_found', { clientAuthId })
      log.info({ clientAuthId, clients: bound.length }, 'credential deleted')
      await deps.endRemoved()
      for (const clientId of clients.idsOf(clientAuthId)) await clients.expel(clientId)
    },
  }
}

function requireShape(id: string, password: string): void {
  if (Buffer.byteLength(id) < MIN_BYTES) throw apiError('client_auth_id_invalid')
  if (id.length > MAX_LENGTH) throw apiError('client_auth_id_invalid', {}, { detail: `Max size is ${MAX_LENGTH}.` })
  if (/[:\p{Cc}]/u.test(id)) {
    throw apiError('client_auth_id_invalid', {}, { detail: 'Colons and control characters are not allowed.' })
  }
  if (Buffer.byteLength(password) < MIN_BYTES) throw apiError('client_auth_password_invalid')
  if (password.length > MAX_LENGTH || password.includes('\0')) {
    const detail = `Max size is ${MAX_LENGTH}, without a NUL.`
    throw apiError('client_auth_password_invalid', {}, { detail })
  }
}

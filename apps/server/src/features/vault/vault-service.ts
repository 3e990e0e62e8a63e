import { apiError, type FilterTree, type SortKey } from '@rport/api'
import type { Clock } from '@rport/kit'
import { isDuplicateKey } from '../../db/index.ts'
import type { AccessPolicy, Actor } from '../../http/index.ts'
import { seal, unseal } from '../../sealed-value.ts'
import type { VaultDoor } from './vault-lock.ts'
import type { VaultStore } from './vault-store.ts'
import { checkInput, placeOf, type VaultInput, type VaultRow } from './vault-value.ts'

/** A value with its secret. */
export interface OpenValue {
  readonly row: VaultRow
  readonly value: string
}

/** The rules of what is kept in the vault. All throw vault_locked. */
export interface VaultService {
  /** Keys that the actor may see: those of his groups and clients; administrators see all. */
  list(actor: Actor, query: { filter: FilterTree; sorts: readonly SortKey[] }): Promise<VaultRow[]>
  /** @throws vault_*_required, vault_type_unknown, vault_field_too_long, vault_key_exists, vault_full, client_access_denied */
  create(actor: Actor, input: VaultInput): Promise<number>
  /** @throws vault_value_not_found, vault_group_required, client_access_denied, vault_value_damaged */
  get(actor: Actor, id: number): Promise<OpenValue>
  /** @throws as `create` and `get`; vault_value_to_change_not_found */
  update(actor: Actor, id: number, input: VaultInput): Promise<void>
  /** @throws vault_value_not_found, vault_group_required, client_access_denied */
  delete(actor: Actor, id: number): Promise<void>
}

export interface VaultServiceDeps {
  readonly store: VaultStore
  readonly door: VaultDoor
  readonly policy: Pick<AccessPolicy, 'isAdmin' | 'clientAccess'>
  readonly clock: Clock
}

/** Each value is small, but all are listed at once. */
const MAX_VALUES = 50_000

export function createVaultService({ store, door, policy, clock }: VaultServiceDeps): VaultService {
  // compat: ids of clients are free text; one that names no client keeps nobody out
  const seesClient = async (actor: Actor, clientId: string): Promise<boolean> =>
    clientId === '' || (await policy.clientAccess(actor, clientId)) !== 'denied'
  const requireClient = async (actor: Actor, clientId: string) => {
    if (!(await seesClient(actor, clientId))) throw apiError('client_access_denied', { clientIds: clientId })
  }
  /** compat: of the group itself; being an administrator is not enough to open a value. */
  const requireAccess = async (actor: Actor, row: VaultRow) => {
    if (row.required_group !== '' && !actor.groups.includes(row.required_group)) throw apiError('vault_group_required')
    await requireClient(actor, row.client_id)
  }
  const requireRow = async (actor: Actor, id: number, notFound = apiError('vault_value_not_found', { id })) => {
    const row = await store.find(id)
    if (!row) throw notFound
    await requireAccess(actor, row)
    return row
  }
  const throwAsDuplicate = (error: unknown, input: VaultInput): never => {
    if (!isDuplicateKey(error)) throw error
    throw apiError('vault_key_exists', { key: input.key, clientId: input.client_id }, { cause: error })
  }

  return {
    async list(actor, query) {
      door.requireKey()
      const isAdmin = await policy.isAdmin(actor)
      const rows = await store.list({ ...query, groups: isAdmin ? undefined : actor.groups })
      if (isAdmin) return rows
      const clientIds = [...new Set(rows.map((row) => row.client_id))]
      const seen = await Promise.all(clientIds.map((clientId) => seesClient(actor, clientId)))
      const visible = new Set(clientIds.filter((_, index) => seen[index]))
      return rows.filter((row) => visible.has(row.client_id))
    },

    async create(actor, input) {
      const key = door.requireKey()
      checkInput(input)
      await requireClient(actor, input.client_id)
      if ((await store.count()) >= MAX_VALUES) throw apiError('vault_full', { max: MAX_VALUES })
      const { value, ...place } = input
      const by = { created_at: clock.now(), created_by: actor.username }
      const row = { ...place, ...by, updated_at: by.created_at, updated_by: by.created_by }
      return store
        .insert({ row, seal: (stored) => seal(key, value, placeOf(stored)) })
        .catch((error: unknown) => throwAsDuplicate(error, input))
    },

    async get(actor, id) {
      const key = door.requireKey()
      const row = await requireRow(actor, id)
      const value = unseal(key, row.sealed, placeOf(row))
      if (value === undefined) throw apiError('vault_value_damaged')
      return { row, value }
    },

    async update(actor, id, input) {
      const key = door.requireKey()
      checkInput(input)
      const notFound = apiError('vault_value_to_change_not_found')
      const before = await requireRow(actor, id, notFound)
      await requireClient(actor, input.client_id)
      const { value, ...place } = input
      const moved = { ...before, ...place, updated_at: clock.now(), updated_by: actor.username }
      const after = { ...moved, sealed: seal(key, value, placeOf(moved)) }
      const isDone = await store.replace(before, after).catch((error: unknown) => throwAsDuplicate(error, input))
      // Somebody else changed it in between; his version may ask for another group.
      if (!isDone) throw notFound
    },

    async delete(actor, id) {
      door.requireKey()
      const row = await requireRow(actor, id)
      if (!(await store.delete(row))) throw apiError('vault_value_not_found', { id })
    },
  }
}

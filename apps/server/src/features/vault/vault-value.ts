import { type ApiError, apiError, throwCollected } from '@rport/api'

/** What somebody wants to keep. */
export interface VaultInput {
  /** '' = of no client. */
  readonly client_id: string
  /** '' = for everybody with the permission. */
  readonly required_group: string
  readonly key: string
  readonly value: string
  readonly type: string
}

/** A value without its secret. */
export interface VaultRow extends Omit<VaultInput, 'value'> {
  readonly id: number
  readonly sealed: string
  /** Milliseconds since 1970; so is `updated_at`. */
  readonly created_at: number
  readonly created_by: string
  readonly updated_at: number
  readonly updated_by: string
}

const TYPES = ['text', 'secret', 'markdown', 'string']
const MAX_NAME_LENGTH = 500

/** @throws every fault at once: vault_key_required, vault_value_required, vault_type_required, vault_type_unknown, vault_field_too_long */
export function checkInput(input: VaultInput): void {
  const faults: ApiError[] = []
  if (input.key === '') faults.push(apiError('vault_key_required'))
  if (input.value === '') faults.push(apiError('vault_value_required'))
  if (input.type === '') faults.push(apiError('vault_type_required'))
  else if (!TYPES.includes(input.type)) faults.push(apiError('vault_type_unknown', { type: input.type.slice(0, 100) }))
  for (const field of ['key', 'client_id', 'required_group'] as const) {
    if (input[field].length > MAX_NAME_LENGTH) {
      faults.push(apiError('vault_field_too_long', { field, max: MAX_NAME_LENGTH }))
    }
  }
  throwCollected(faults)
}

/** Everything that decides who may read a value: sealed values are bound to it. */
export const placeOf = (row: Pick<VaultRow, 'id' | 'client_id' | 'required_group' | 'key' | 'type'>): string =>
  JSON.stringify(['rport vault 1', row.id, row.client_id, row.required_group, row.key, row.type])

/** @throws vault_id_not_a_number, vault_id_missing */
export function parseVaultId(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw apiError('vault_id_not_a_number', { id: text.slice(0, 100) })
  const id = Number(text)
  if (id === 0) throw apiError('vault_id_missing')
  return id
}

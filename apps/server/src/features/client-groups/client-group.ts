import { type ApiError, apiError, ClientGroupParams } from '@rport/api'
import { z } from 'zod'

/** Clients that are alike in some way. Values are replaced, never changed. */
export interface ClientGroup {
  readonly id: string
  readonly description: string
  readonly params: ClientGroupParams
  /** User groups that may use its clients; null: never set. */
  readonly allowedUserGroups: readonly string[] | null
}

const MAX_ID_LENGTH = 30

/** What of a group lies in the column `params`, and in `allowed_user_groups` when it is not null. */
export const StoredParams = ClientGroupParams
export const StoredUserGroups = z.array(z.string())

/** What is wrong with a group, in the original's words and order; undefined: nothing. */
export function findGroupFault(group: { id: string; params: ClientGroupParams | undefined }): ApiError | undefined {
  const reason = findReason(group)
  return reason === undefined ? undefined : apiError('client_group_invalid', { reason })
}

function findReason({ id, params }: { id: string; params: ClientGroupParams | undefined }): string | undefined {
  if (id === '') return 'group ID cannot be empty'
  if (id.length > MAX_ID_LENGTH) return `invalid group ID: max length ${MAX_ID_LENGTH}, got ${id.length}`
  if (!/^[A-Za-z0-9_*-]+$/.test(id)) return `invalid group ID "${id}": can contain only "A-Za-z0-9_-*"`
  if (params === undefined) return 'params are missing: {} is a group without clients'
  if (params.tag === null || Array.isArray(params.tag)) return undefined
  const operators = Object.keys(params.tag)
  const isKnown = operators.length === 1 && (operators[0] === 'and' || operators[0] === 'or')
  return isKnown ? undefined : 'error, only and/or is allowed for tags group definitions'
}

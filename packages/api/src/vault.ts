import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { listGrammar } from './lists/list-grammar.ts'
import { createdAsText, data, empty } from './reply.ts'
import { TimeText } from './text/time-text.ts'

/** State of the vault. */
export const VaultStatusView = z
  .object({
    init: z.enum(['uninitialized', 'setup-completed']),
    status: z.enum(['', 'locked', 'unlocked']).meta({ description: 'Empty while there is no vault.' }),
  })
  .meta({ id: 'VaultStatus' })
export type VaultStatusView = z.output<typeof VaultStatusView>

/** What the list shows of a value. */
export const VaultKeyView = z
  .object({
    id: z.int(),
    client_id: z.string().meta({ description: 'Empty: of no client.' }),
    created_by: z.string(),
    created_at: TimeText,
    key: z.string(),
  })
  .meta({ id: 'VaultKey' })
export type VaultKeyView = z.output<typeof VaultKeyView>

/** A value, opened. */
export const VaultValueView = z
  .object({
    client_id: z.string(),
    required_group: z.string().meta({ description: 'Empty: for everybody with the permission.' }),
    key: z.string(),
    value: z.string(),
    type: z.string(),
    id: z.int(),
    created_at: TimeText,
    updated_at: TimeText,
    created_by: z.string(),
    updated_by: z.string().nullable(),
  })
  .meta({ id: 'VaultValue' })
export type VaultValueView = z.output<typeof VaultValueView>

const VaultIdView = z.object({ id: z.int() }).meta({ id: 'VaultId' })

/** Query of the list of keys. */
export const vaultList = listGrammar({
  sort: ['id', 'client_id', 'created_by', 'created_at', 'key'],
  filter: ['id', 'client_id', 'created_by', 'created_at', 'key'],
})

const passwordBody = z.object({ password: z.string().default('').meta({ format: 'password' }) })

// Absent texts are empty ones: the service says what is missing, all at once.
const valueBody = z.object({
  client_id: z.string().default('').meta({ description: 'Empty: of no client.' }),
  required_group: z.string().default('').meta({ description: 'Empty: for everybody with the permission.' }),
  key: z.string().default('').meta({ description: 'Unique for each client.' }),
  value: z.string().default('').meta({ format: 'password' }),
  type: z.string().default('').meta({ description: 'text, secret, markdown or string.' }),
})

const valueErrors = [
  'vault_key_required',
  'vault_value_required',
  'vault_type_required',
  'vault_type_unknown',
  'vault_field_too_long',
  'vault_key_exists',
  'vault_locked',
  'client_access_denied',
] as const

const idErrors = [
  'vault_id_not_a_number',
  'vault_id_missing',
  'vault_group_required',
  'vault_locked',
  'client_access_denied',
] as const

/** Secrets that are kept encrypted. */
export const vault = resource('Vault', {
  status: endpoint({
    method: 'GET',
    path: '/vault-admin',
    summary: 'Show the state of the vault',
    auth: 'user',
    permission: 'vault',
    reply: data(VaultStatusView),
    errors: [],
  }),

  unlock: endpoint({
    method: 'POST',
    path: '/vault-admin/sesame',
    summary: 'Unlock the vault',
    description: 'A vault of the original is taken over: its values are sealed anew under a stronger key.',
    auth: 'user',
    permission: 'vault',
    admin: true,
    audit: ['vault', 'unlock'],
    body: passwordBody,
    reply: empty(201),
    errors: ['vault_wrong_password', 'vault_already_unlocked', 'vault_not_initialized', 'too_many_attempts'],
  }),

  init: endpoint({
    method: 'POST',
    path: '/vault-admin/init',
    summary: 'Make the vault and leave it unlocked',
    description: 'Nobody can open the vault without this password: there is no way to recover it.',
    auth: 'user',
    permission: 'vault',
    admin: true,
    audit: ['vault', 'init'],
    body: passwordBody,
    reply: empty(201),
    errors: ['vault_already_initialized', 'vault_password_length'],
  }),

  lock: endpoint({
    method: 'DELETE',
    path: '/vault-admin/sesame',
    summary: 'Lock the vault',
    auth: 'user',
    permission: 'vault',
    admin: true,
    audit: ['vault', 'lock'],
    reply: empty(),
    errors: ['vault_already_locked'],
  }),

  list: endpoint({
    method: 'GET',
    path: '/vault',
    summary: 'List the keys that the caller may see',
    description:
      'Administrators see all keys; others those of their user groups and of clients that they have access to.',
    auth: 'user',
    permission: 'vault',
    list: vaultList,
    reply: data(z.array(VaultKeyView)),
    errors: ['vault_locked'],
  }),

  create: endpoint({
    method: 'POST',
    path: '/vault',
    summary: 'Store a value',
    auth: 'user',
    permission: 'vault',
    audit: ['vault', 'create'],
    body: valueBody,
    reply: createdAsText(VaultIdView),
    errors: [...valueErrors, 'vault_full'],
  }),

  get: endpoint({
    method: 'GET',
    path: '/vault/{vault_value_id}',
    summary: 'Show a value, opened',
    auth: 'user',
    permission: 'vault',
    audit: ['vault', 'read'],
    reply: data(VaultValueView),
    errors: [...idErrors, 'vault_value_not_found', 'vault_value_damaged'],
  }),

  update: endpoint({
    method: 'PUT',
    path: '/vault/{vault_value_id}',
    summary: 'Change a value',
    auth: 'user',
    permission: 'vault',
    audit: ['vault', 'update'],
    body: valueBody,
    reply: data(VaultIdView),
    errors: [...valueErrors, ...idErrors, 'vault_value_to_change_not_found'],
  }),

  delete: endpoint({
    method: 'DELETE',
    path: '/vault/{vault_value_id}',
    summary: 'Delete a value',
    auth: 'user',
    permission: 'vault',
    audit: ['vault', 'delete'],
    reply: empty(),
    errors: [...idErrors, 'vault_value_not_found'],
  }),
})

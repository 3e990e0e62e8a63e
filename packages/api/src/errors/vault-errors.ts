import type { ErrorRow } from './error-row.ts'

/** Errors of the vault. */
export const vaultErrors = {
  vault_locked: {
    status: 409,
    title: 'vault is locked',
    when: 'An administrator must unlock it first; it is locked after each start unless `unlock_file` says how to open it.',
  },
  vault_not_initialized: {
    status: 409,
    title: 'vault is not yet initialized',
    when: 'There is no vault yet: an administrator makes one with a password.',
  },
  vault_already_initialized: { status: 409, title: 'vault is already initialized', when: 'There is a vault already.' },
  vault_already_unlocked: { status: 409, title: 'vault is already unlocked', when: 'Nothing has to be done.' },
  vault_already_locked: {
    status: 409,
    title: 'vault is already locked',
    when: 'Nothing has to be done: it is locked, or there is none.',
  },
  vault_wrong_password: {
    status: 401,
    title: 'wrong password provided',
    when: 'The password does not open the vault.',
  },
  vault_password_length: {
    status: 400,
    title: 'vault password must have {minBytes} to {maxBytes} bytes',
    when: 'The password of a new vault is too short or too long.',
  },
  vault_key_required: { status: 400, title: 'key is required', when: 'A value has no key.' },
  vault_value_required: { status: 400, title: 'value is required', when: 'The value is empty.' },
  vault_type_required: { status: 400, title: 'value type is required', when: 'A value has no type.' },
  vault_type_unknown: {
    status: 400,
    title: 'unknown or invalid value value type {type}',
    when: 'The type is none of text, secret, markdown, string.',
  },
  vault_field_too_long: {
    status: 400,
    title: '{field} is longer than {max} characters',
    when: 'Keys, groups and client ids are names, not places for content.',
  },
  vault_key_exists: {
    status: 409,
    title: "another key '{key}' exists for this client '{clientId}'",
    when: 'Change the value that is there, or take another key.',
  },
  vault_full: {
    status: 409,
    title: 'the vault holds {max} values already',
    when: 'Delete what is not needed any more.',
  },
  vault_id_not_a_number: {
    status: 400,
    title: 'Non-numeric integer value provided: {id} for param vault_value_id',
    when: 'The id in the path is no whole number.',
  },
  vault_id_missing: { status: 400, title: 'missing "vault_value_id" route param', when: 'The id in the path is 0.' },
  vault_value_not_found: {
    status: 404,
    title: 'Cannot find a vault value by the provided id: {id}',
    when: 'There is no such value (any more).',
  },
  vault_value_to_change_not_found: {
    status: 404,
    title: 'cannot find entry by the provided existingID',
    when: 'There is no such value (any more).',
  },
  vault_group_required: {
    status: 403,
    title: "your group doesn't allow access to this value",
    when: 'The value is for the members of one user group; being an administrator is not enough.',
  },
  vault_value_damaged: {
    status: 500,
    title: 'the stored value does not fit its key and cannot be opened',
    when: 'The row was changed outside of the vault, or moved to another one. Store the value anew.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

import { type ApiError, apiError } from '@rport/api'

/** Longer names are no names; what a table of the original takes is up to it. */
const MAX_NAME_CHARS = 1000

const hasControlCharacters = (text: string): boolean => /\p{Cc}/u.test(text)

/** What is wrong with the name of a user; undefined: nothing. */
export function findUsernameFault(username: string): ApiError | undefined {
  if (username.trim() !== username) return apiError('username_whitespace')
  return hasControlCharacters(username) ? apiError('username_invalid') : undefined
}

/** @throws ApiError user_group_name_invalid */
export function requireUserGroupName(name: string): void {
  if (name === '' || name.length > MAX_NAME_CHARS || hasControlCharacters(name))
    throw apiError('user_group_name_invalid')
}

/** Turns whatever was thrown into an Error, so that message and stack can be relied on. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** The message of whatever was thrown. */
export const errorMessage = (thrown: unknown): string => toError(thrown).message

/** The code that the operating system or the runtime gave an error (`ECONNREFUSED`, `ENOENT`), if any. */
export function errorCode(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** For the branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}

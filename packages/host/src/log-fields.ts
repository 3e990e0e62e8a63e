import { errorCode, type LogFields, MASK, mask, Secret } from '@rport/kit'

/** What one line may hold at most; a flood of facts costs the disk and hides the rest. */
const MAX_LINE_CHARACTERS = 16_384
const MAX_TEXT_CHARACTERS = 2000
const MAX_ENTRIES = 64
const MAX_DEPTH = 5
const MAX_CAUSES = 4

const SECRET_KEYS = new Set(
  [
    'auth',
    'apiauth',
    'proxyauth',
    'authpass',
    'pass',
    'passwd',
    'cookie',
    'setcookie',
    'credentials',
    'passphrase',
  ].concat([
    'authorization',
    'proxyauthorization',
    'keyseed',
    'seed',
    'jwt',
    'otp',
    'apikey',
    'privatekey',
    'hash',
    'passwordhash',
  ]),
)
const SECRET_ENDING = /(?:password|passwd|secret|token|passphrase|jwt)$/
// A password inside a URL, and a token inside its query.
const URL_PASSWORD = /(:\/\/[^\s/?#@:]{0,200}:)[^\s/?#@]{1,1000}@/g
const QUERY_SECRET = /([?&][\w-]{0,30}(?:token|password|secret|jwt|code|key)=)[^&\s#]{1,4000}/gi

/** An error as plain data. `stack` only where it was asked for. */
export interface ErrorFact {
  type: string
  message: string
  code?: string
  stack?: string
  cause?: ErrorFact
}

export interface CleanOptions {
  /** Whether this error's stack belongs into the line. */
  wantsStack(error: Error): boolean
}

/**
 * Turns fields into plain, bounded data without secrets: masked by key, by type (`Secret`) and inside URLs.
 * Never throws, whatever the values do when they are read.
 */
export function cleanFields(fields: LogFields, options: CleanOptions): Record<string, unknown> {
  let budget = MAX_LINE_CHARACTERS

  const cleanText = (text: string): string => {
    const limit = Math.max(0, Math.min(MAX_TEXT_CHARACTERS, budget))
    const head = text.length > limit ? `${text.slice(0, limit)}… (${text.length} characters)` : text
    budget -= head.length
    return head.replace(URL_PASSWORD, `$1${MASK}@`).replace(QUERY_SECRET, `$1${MASK}`)
  }

  const cleanError = (error: Error, causes: number): ErrorFact => {
    const code = errorCode(error)
    const stack = options.wantsStack(error) ? error.stack : undefined
    return {
      type: cleanText(String(error.name)),
      message: cleanText(String(error.message)),
      ...(code === undefined ? {} : { code: cleanText(code) }),
      ...(stack === undefined ? {} : { stack: cleanText(stackFrames(stack)) }),
      ...(error.cause instanceof Error && causes < MAX_CAUSES ? { cause: cleanError(error.cause, causes + 1) } : {}),
    }
  }

  const cleanObject = (value: object, depth: number): unknown => {
    if (value instanceof Secret) return value.toString()
    if (value instanceof Error) return cleanError(value, 0)
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString()
    if (value instanceof URL) return cleanText(value.href)
    if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`
    if (depth >= MAX_DEPTH) return '<deeper>'
    if (Array.isArray(value)) return cleanList(value, depth)
    if (value instanceof Set) return cleanList([...value], depth)
    if (value instanceof Map) return cleanEntries(Object.fromEntries(value) as LogFields, depth)
    return cleanEntries(value as LogFields, depth)
  }

  const cleanList = (list: readonly unknown[], depth: number): unknown[] => {
    const head = list.slice(0, MAX_ENTRIES).map((entry) => clean(entry, depth + 1))
    return list.length > MAX_ENTRIES ? [...head, `… (${list.length} entries)`] : head
  }

  const clean = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return cleanText(value)
    if (typeof value === 'bigint') return value.toString()
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
    if (typeof value === 'boolean' || value === null) return value
    return typeof value === 'object' ? cleanObject(value, depth) : undefined
  }

  const cleanEntries = (entries: LogFields, depth: number): Record<string, unknown> => {
    const result: Record<string, unknown> = Object.create(null)
    for (const key of Object.keys(entries).slice(0, MAX_ENTRIES)) {
      if (budget <= 0) break
      const value = readOf(entries, key)
      const cleaned = isSecretKey(key) ? maskValue(value) : clean(value, depth + 1)
      if (cleaned !== undefined) result[cleanText(key)] = cleaned
    }
    return result
  }

  return cleanEntries(fields, 0)
}

/** Whether a field of this name holds a secret, in whatever spelling: `auth_pass`, `keySeed`, `Authorization`. */
export function isSecretKey(key: string): boolean {
  const plain = key.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  return SECRET_KEYS.has(plain) || SECRET_ENDING.test(plain)
}

/** Whether something is set stays visible; what it is does not. */
function maskValue(value: unknown): unknown {
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined
  return typeof value === 'string' ? mask(value) : MASK
}

function readOf(entries: LogFields, key: string): unknown {
  try {
    return entries[key]
  } catch {
    return '<unreadable>' // a getter that throws must not cost the line
  }
}

/** The frames alone: type and message stand in the line already. */
const stackFrames = (stack: string): string =>
  stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join('\n')

import { MASK, mask } from '@rport/kit'
import { clean, isList, isObject } from './go-fields.ts'
import type { Json, JsonObject } from './go-json.ts'
import { MAX_SETTING_CHARS, MAX_SETTING_NODES } from './limits.ts'

/** Keys of settings, and names of headers and query parameters, whose values nobody but the agent needs. */
const SECRET_KEY = /^auth$|pass(?:word|wd|phrase)?$|secret|token|credential|api[-_]?key|private[-_]?key/i
const SECRET_HEADER = /auth|pass|secret|token|cookie|credential|key|session/i
const SECRET_PARAMETER = /([?&][^=&?#\s]{0,64}(?:key|token|pass|secret|auth)[^=&?#\s]{0,64}=)[^&#\s]+/gi

/** Keys whose value is a proxy address and may carry a user without a scheme before it. */
const ADDRESS_KEY = /^proxy$/i

/**
 * The configuration that an agent reports, without what nobody but the agent needs: passwords, proxy credentials,
 * secret headers, users in addresses. Old agents send all of them in clear text.
 * The shape is kept, whatever it is; only size is bounded, because no rule depends on anything unknown in here.
 */
export function maskClientConfiguration(configuration: Json): JsonObject | null {
  if (!isObject(configuration)) return null
  return maskObject(configuration, { nodesLeft: MAX_SETTING_NODES })
}

interface Budget {
  nodesLeft: number
}

function maskObject(object: JsonObject, budget: Budget): JsonObject {
  const kept: [string, Json][] = []
  for (const [key, value] of Object.entries(object)) {
    if (budget.nodesLeft <= 0) break
    budget.nodesLeft -= 1
    kept.push([clean(key.slice(0, 256)), maskValue(key, value, budget)])
  }
  return Object.fromEntries(kept)
}

function maskValue(key: string, value: Json, budget: Budget): Json {
  if (SECRET_KEY.test(key)) return maskWhole(value)
  if (key === 'headers' && isList(value)) return take(value, budget).map((line) => maskHeaderLine(line, budget))
  if (key === 'http_headers' && isObject(value)) return maskHeaderMap(value, budget)
  // Go writes an object without fields for a user; anything inside would be one that could be read.
  if (key === 'User') return isObject(value) ? {} : maskWhole(value)
  return maskJson(value, budget, ADDRESS_KEY.test(key))
}

function maskJson(value: Json, budget: Budget, isAddress = false): Json {
  // Cut last: half an address would hide that there is a password in it.
  if (typeof value === 'string') return clean(maskAddresses(value, isAddress).slice(0, MAX_SETTING_CHARS))
  if (isList(value)) return take(value, budget).map((item) => maskJson(item, budget, isAddress))
  return isObject(value) ? maskObject(value, budget) : value
}

function take(list: readonly Json[], budget: Budget): readonly Json[] {
  const taken = list.slice(0, Math.max(0, budget.nodesLeft))
  budget.nodesLeft -= taken.length
  return taken
}

/** What is empty stays empty, so that "not set" can be told; a list keeps its length. */
function maskWhole(value: Json): Json {
  if (typeof value === 'string') return mask(value)
  if (isList(value)) return value.slice(0, 100).map(maskWhole)
  if (typeof value === 'number') return MASK
  return isObject(value) && Object.keys(value).length > 0 ? MASK : value
}

function maskHeaderLine(line: Json, budget: Budget): Json {
  if (typeof line !== 'string') return maskJson(line, budget)
  const colon = line.indexOf(':')
  if (colon > 0 && SECRET_HEADER.test(line.slice(0, colon))) return `${clean(line.slice(0, colon))}: ${MASK}`
  return maskJson(line, budget)
}

function maskHeaderMap(headers: JsonObject, budget: Budget): JsonObject {
  return Object.fromEntries(
    Object.entries(maskObject(headers, budget)).map(([name, value]) => [
      name,
      SECRET_HEADER.test(name) ? maskWhole(value) : value,
    ]),
  )
}

/** Hides the user part of each `scheme://user:password@host`, and secret query values. Runs in linear time. */
function maskAddresses(text: string, isAddress: boolean): string {
  // Of what has neither a host with a user nor parameters nothing is left to hide; most texts are such.
  if (!/[@?&]/.test(text)) return text
  if (isAddress && text.includes('@') && !text.includes('://')) return `${MASK}${text.slice(text.lastIndexOf('@'))}`
  const pieces = text.split('://')
  const masked = pieces.map((piece, index) => {
    if (index === 0) return piece
    const end = piece.search(/[/?#\s]/)
    const authority = end < 0 ? piece : piece.slice(0, end)
    const at = authority.lastIndexOf('@')
    return at < 0 ? piece : `${MASK}${piece.slice(at)}`
  })
  return masked.join('://').replace(SECRET_PARAMETER, `$1${MASK}`)
}

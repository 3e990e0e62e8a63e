import { errorMessage, type Secret } from '@rport/kit'
import { type CodeDelivery, TITLE, toText } from './code-delivery.ts'

export interface PushoverOptions {
  /** Of the application at pushover.net. */
  readonly apiToken: Secret
  /** Of some user, for trying the token; undefined: it is not tried. */
  readonly userKey: Secret | undefined
  /** Another one in tests. */
  readonly serviceUrl?: string
}

const SERVICE = 'https://api.pushover.net'
/** Their answers have some hundred bytes. */
const MAX_ANSWER_BYTES = 16_384

/** Push messages; users are their keys at pushover.net. @see https://pushover.net/api */
export function createPushoverDelivery({ apiToken, userKey, serviceUrl = SERVICE }: PushoverOptions): CodeDelivery {
  const post = async (path: string, fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> => {
    const body = new URLSearchParams({ token: apiToken.reveal(), ...fields })
    const answer = await fetch(new URL(path, serviceUrl), { method: 'POST', body, signal, redirect: 'manual' })
    const reply = await readJson(answer)
    if (answer.ok && reply.status === 1) return
    const reasons = Array.isArray(reply.errors)
      ? reply.errors.filter((text) => typeof text === 'string').join(', ')
      : ''
    throw new Error(reasons === '' ? `pushover answers ${answer.status}` : `pushover: ${reasons.slice(0, 300)}`)
  }
  return {
    method: 'pushover',
    send: (message, signal) =>
      post('/1/messages.json', { user: message.sendTo, title: TITLE, message: toText(message) }, signal),
    async probe(signal) {
      if (userKey) await post('/1/users/validate.json', { user: userKey.reveal() }, signal)
    },
    async receiverFault(sendTo, signal) {
      if (sendTo === '') return 'pushover user key cannot be empty'
      try {
        await post('/1/users/validate.json', { user: sendTo }, signal)
        return undefined
      } catch (error) {
        return `failed to validate pushover user key: ${errorMessage(error)}`
      }
    },
  }
}

async function readJson(answer: Response): Promise<{ readonly status?: unknown; readonly errors?: unknown }> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > MAX_ANSWER_BYTES) return {}
  }
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {} // what is no JSON says nothing: the status of the answer is told instead
  }
}

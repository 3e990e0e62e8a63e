import { type CodeDelivery, secondsOf } from './code-delivery.ts'
import { mailAddressFault } from './mail-address.ts'

export interface UrlDeliveryOptions {
  /** Where codes are posted to. */
  readonly url: string
  /** `[api] base_url`, for whoever writes the message. */
  readonly baseUrl: string
}

/** compat: a form by POST; every 2xx answer means that the code is on its way. Redirects are not followed: they lose the form. */
export const createUrlDelivery = ({ url, baseUrl }: UrlDeliveryOptions): CodeDelivery => ({
  method: 'url',
  async send({ sendTo, code, lifetimeMs, userAgent, address }, signal) {
    const body = new URLSearchParams({
      email: sendTo,
      token: code,
      ttl: secondsOf(lifetimeMs),
      user_agent: userAgent,
      remote_address: address,
      url: baseUrl,
    })
    const answer = await fetch(url, { method: 'POST', body, signal, redirect: 'manual' })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`the service answers ${answer.status}`)
  },
  // Whatever is asked of the service, it could take for a code.
  probe: async () => undefined,
  receiverFault: async (sendTo) => mailAddressFault(sendTo),
})

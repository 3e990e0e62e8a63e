import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { StartError } from '@rport/host'
import type { Secret } from '@rport/kit'
import { RE2JS } from 're2js'
import { createMailer, type MailerOptions } from '../../mail/index.ts'
import {
  type CodeDelivery,
  createMailDelivery,
  createPushoverDelivery,
  createScriptDelivery,
  createUrlDelivery,
} from './deliveries/index.ts'

/** How codes are to be sent, as the settings say. */
export type CodeDeliveryConfig =
  | { readonly kind: 'smtp' | 'pushover' }
  | { readonly kind: 'url'; readonly url: string }
  /** `program`: a path, or a name that PATH finds. */
  | { readonly kind: 'script'; readonly program: string }

export interface CodeDeliveryOptions {
  readonly delivery: CodeDeliveryConfig | undefined
  readonly receivers: 'none' | 'email' | 'regex'
  readonly pattern: string | undefined
  readonly baseUrl: string | undefined
  readonly mail: { readonly [K in keyof MailerOptions]: MailerOptions[K] | undefined }
  readonly pushover: { readonly apiToken: Secret | undefined; readonly userKey: Secret | undefined }
  /** Of programs that send codes. */
  readonly environment: Readonly<Record<string, string>>
}

/**
 * The way in which codes are sent; nothing is contacted yet.
 * @returns undefined when none are
 * @throws  StartError when the program cannot be run or the pattern cannot be read
 */
export async function openCodeDelivery(options: CodeDeliveryOptions): Promise<CodeDelivery | undefined> {
  const { delivery, mail, pushover, environment, receivers, pattern } = options
  switch (delivery?.kind) {
    case undefined:
      return undefined
    case 'smtp':
      return createMailDelivery(createMailer(requireMail(mail)))
    case 'pushover':
      if (!pushover.apiToken) throw new StartError('[pushover] api_token: codes by Pushover need it')
      return createPushoverDelivery({ apiToken: pushover.apiToken, userKey: pushover.userKey })
    case 'url':
      return createUrlDelivery({ url: delivery.url, baseUrl: options.baseUrl ?? '' })
    case 'script': {
      if (receivers === 'regex') requirePattern(pattern)
      const program = await findProgram(delivery.program, environment['PATH'] ?? '')
      return createScriptDelivery({ program, environment, receivers, pattern })
    }
  }
}

function requireMail({ server, sender, ...others }: CodeDeliveryOptions['mail']): MailerOptions {
  if (server === undefined || sender === undefined) {
    throw new StartError('[smtp] server and sender_email: codes by mail need them')
  }
  const { username, password, implicitTls = false, trustedCertificates } = others
  const trust = trustedCertificates === undefined ? {} : { trustedCertificates }
  return { server, sender, username, password, implicitTls, ...trust }
}

function requirePattern(pattern: string | undefined): void {
  try {
    RE2JS.compile(pattern ?? '')
  } catch (error) {
    throw new StartError(`API: invalid api.two_fa_send_to_regex: ${error instanceof Error ? error.message : 'unknown'}`)
  }
}

async function findProgram(name: string, path: string): Promise<string> {
  const places =
    isAbsolute(name) || name.includes('/') ? [resolve(name)] : path.split(delimiter).map((dir) => join(dir, name))
  for (const place of places) {
    const isThere = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return place
  }
  throw new StartError(
    `API: unknown 2fa token delivery method: ${name}. Expected "smtp", "pushover", the URL of a service, or a program that this user may run`,
  )
}

import type { Resolution } from '@rport/config'
import { errorMessage, splitHostPort } from '@rport/kit'
import { RE2JS } from 're2js'
import type { ServerSections } from './schema.ts'
import { isServiceUrl } from './urls.ts'

type Resolved = Resolution<ServerSections>

/** What the settings of second factors must be together, with the messages of the original. Nothing is contacted. */
export function checkSecondFactor(resolution: Resolved): void {
  const {
    settings: { api },
    object,
  } = resolution
  const delivery = api.two_fa_token_delivery
  if (delivery && api.totp_enabled) {
    object(['api.totp_enabled', 'api.two_fa_token_delivery'], {
      message: 'API: conflicting 2FA configuration, two factor auth and totp_enabled options cannot be both enabled',
      fix: 'remove one of them',
    })
  }
  const asks = delivery ? 'two_fa_token_delivery' : api.totp_enabled ? 'totp_enabled' : undefined
  if (asks && api.auth) {
    object([`api.${asks}`, 'api.auth'], {
      message: 'API: 2FA is not available if you use a single static user-password pair',
      fix: 'keep users in a file, in tables, or in the server itself',
    })
  }
  checkPattern(resolution)
  if (!delivery) return
  if (isServiceUrl(delivery) && !api.base_url) {
    const message = 'API: base_url is required for url two_fa_token_delivery'
    object(['api.base_url', 'api.two_fa_token_delivery'], {
      message,
      fix: 'write base_url = "https://rport.example.com"',
    })
  }
  if (delivery === 'smtp') checkMail(resolution)
  if (delivery === 'pushover' && !resolution.settings.pushover.api_token) {
    object(['pushover.api_token', 'api.two_fa_token_delivery'], {
      message: 'API: pushover.api_token is required',
      fix: 'write the token of an application that you have made at pushover.net',
    })
  }
}

function checkPattern({ settings: { api }, object }: Resolved): void {
  if (api.two_fa_send_to_type !== 'regex') return
  try {
    RE2JS.compile(api.two_fa_send_to_regex ?? '')
  } catch (error) {
    object(['api.two_fa_send_to_regex'], {
      message: `API: invalid api.two_fa_send_to_regex: ${errorMessage(error)}`,
      fix: 'write an expression of RE2: https://github.com/google/re2/wiki/Syntax',
    })
  }
}

function checkMail({ settings: { smtp }, object }: Resolved): void {
  const server = smtp.server && splitHostPort(smtp.server)
  if (!smtp.server) {
    object(['smtp.server', 'api.two_fa_token_delivery'], {
      message: 'API: smtp.server is required',
      fix: 'write the address of your mail server: server = "smtp.example.com:587"',
    })
  } else if (!server) {
    object(['smtp.server'], {
      message:
        "API: invalid smtp.server, expected to be server and port separated by a colon. e.g. 'smtp.gmail.com:587'",
      fix: 'write address and port: server = "smtp.example.com:587"',
    })
  }
  if (smtp.sender_email && /^[^\s@<>,]+@[^\s@<>,]+$/.test(smtp.sender_email)) return
  object(['smtp.sender_email', 'api.two_fa_token_delivery'], {
    message: `API: invalid smtp.sender_email: ${smtp.sender_email ? 'invalid email format' : 'email cannot be empty'}`,
    fix: 'write the bare address that codes come from: sender_email = "rport@example.com"',
  })
}

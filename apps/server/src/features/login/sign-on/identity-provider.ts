import { type ApiError, apiError } from '@rport/api'

/** What belongs together from the beginning of a login to its end. */
export interface LoginFlow {
  /** Comes back with the code. */
  readonly state: string
  /** Stands in the ID token, so that one of another login is not accepted. */
  readonly nonce: string
  /** PKCE (RFC 7636): whoever has stolen the code cannot use it. */
  readonly codeVerifier: string
}

/** Somebody whom the provider knows. */
export interface Identity {
  readonly username: string
  /** Roles, groups or teams there; empty where nobody asks for them. */
  readonly roles: readonly string[]
}

/** A login from a command line that has begun (RFC 8628). */
export interface DeviceBeginning {
  readonly deviceCode: string
  readonly userCode: string
  readonly verificationUri: string
  readonly expiresInSeconds: number
  readonly intervalSeconds: number
}

/**
 * Somebody who vouches for users. Every method may ask it over the network, with a deadline, and throws
 * identity_provider_unavailable when it cannot be understood.
 */
export interface IdentityProvider {
  /** For people: `GitHub`. */
  readonly title: string
  /** Where the browser goes. */
  authorizeUrl(flow: LoginFlow): Promise<string>
  /** @throws ApiError sign_on_refused, sign_on_not_permitted */
  identityOfCode(code: string, flow: LoginFlow): Promise<Identity>
  /** @throws ApiError device_login_unsupported */
  beginDevice(): Promise<DeviceBeginning>
  /** @throws ApiError device_login_pending as long as nobody has said yes, and when somebody has said no; sign_on_not_permitted */
  identityOfDevice(deviceCode: string): Promise<Identity>
}

/** What a provider says instead of a token. RFC 6749 §5.2. */
export interface ProviderRefusal {
  readonly status: number
  readonly error: string
  readonly description: string
  readonly uri: string
}

/** The provider's words are shown to people: bounded, and no control characters. */
const shown = (text: string): string => text.replace(/\p{Cc}/gu, ' ').slice(0, 300)

/** Errors that are about this server and not about the user. RFC 6749 §5.2. */
const OUR_FAULTS = new Set(['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope'])

/** What went wrong with a code. */
export function codeRefused(refusal: ProviderRefusal): ApiError {
  const reason = shown(refusal.description || refusal.error)
  return OUR_FAULTS.has(refusal.error)
    ? apiError('identity_provider_unavailable', { reason })
    : apiError('sign_on_refused', { reason })
}

/** compat: told as data, with the status of the provider. */
export function devicePending({ status, error, description, uri }: ProviderRefusal): ApiError {
  if (OUR_FAULTS.has(error)) return apiError('identity_provider_unavailable', { reason: shown(description || error) })
  const data = {
    status_code: status,
    error: shown(error),
    error_description: shown(description),
    error_uri: shown(uri),
  }
  return apiError('device_login_pending', { reason: shown(error) }, { answer: { status, data } })
}

/** @param reason ends the sentence "it does not answer as it should: …" */
export const providerUnavailable = (reason: string, cause?: unknown): ApiError =>
  apiError('identity_provider_unavailable', { reason: shown(reason) }, { cause })

import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { LoginView, tokenLifetime } from './login.ts'
import { data } from './reply.ts'

/** How a login in a browser begins. */
export const SignOnSettingsView = z
  .object({
    auth_provider: z.string(),
    details: z.object({
      message: z.string(),
      authorize_url: z.string().meta({ description: 'Where the browser goes.' }),
      login_uri: z.string().meta({ description: 'What is called with `code` and `state` when it comes back.' }),
      state: z.string(),
      expiry: z.iso.datetime().meta({ description: 'Until when it must be back.' }),
    }),
  })
  .meta({ id: 'SignOnSettings' })
export type SignOnSettingsView = z.output<typeof SignOnSettingsView>

/** How a login from a command line begins. */
export const DeviceSettingsView = z
  .object({
    auth_provider: z.string(),
    details: z.object({
      login_uri: z.string().meta({ description: 'What is called with `device_code` until it answers with a token.' }),
      auth_info: z.object({
        user_code: z.string(),
        device_code: z.string(),
        verification_uri: z.string(),
        expires_in: z.int().meta({ description: 'Seconds.' }),
        interval: z.int().meta({ description: 'Seconds between two calls.' }),
        message: z.string(),
      }),
    }),
  })
  .meta({ id: 'DeviceSettings' })
export type DeviceSettingsView = z.output<typeof DeviceSettingsView>

/** How to begin a login through the identity provider. */
export const signOnSettings = resource('SignOnSettings', {
  browser: endpoint({
    method: 'GET',
    path: '/auth/ext/settings',
    summary: 'Begin a login by the identity provider in a browser',
    description:
      'Keep `state`, send the browser to `authorize_url`, and compare the `state` with which it comes back before you call `login_uri`: otherwise somebody could log your user in as another one.',
    auth: 'none',
    reply: data(SignOnSettingsView),
    errors: ['sign_on_off', 'identity_provider_unavailable'],
  }),

  device: endpoint({
    method: 'GET',
    path: '/auth/ext/settings/device',
    summary: 'Begin a login by the identity provider from a command line',
    auth: 'none',
    reply: data(DeviceSettingsView),
    errors: ['sign_on_off', 'device_login_unsupported', 'identity_provider_unavailable'],
  }),
})

/** How to finish a login through the identity provider; 404 without one. */
export const signOn = resource('SignOn', {
  withCode: endpoint({
    method: 'GET',
    path: '/oauth/login',
    summary: 'Log in with the code of the identity provider',
    description: 'Only where an identity provider is configured. Its second factor is enough: `two_fa` is null.',
    auth: 'login',
    audit: ['auth.session', 'login'],
    query: tokenLifetime.extend({ code: z.string().default(''), state: z.string().default('') }),
    reply: data(LoginView),
    errors: [
      'sign_on_state_invalid',
      'sign_on_refused',
      'sign_on_not_permitted',
      'identity_provider_unavailable',
      'unauthorized',
      'password_expired',
      'token_lifetime_too_long',
      'token_lifetime_invalid',
    ],
  }),

  withDevice: endpoint({
    method: 'GET',
    path: '/oauth/login/device',
    summary: 'Log in with the device code of the identity provider',
    description:
      'Only where an identity provider is configured. As long as the user has not decided, the answer has the status of the provider (400, or 200 at GitHub) and `data` with `status_code`, `error`, `error_description` and `error_uri`. With the error `authorization_pending` or `slow_down` ask again after the interval; any other one is the end.',
    auth: 'login',
    audit: ['auth.session', 'login'],
    query: tokenLifetime.extend({ device_code: z.string().default('') }),
    reply: data(LoginView),
    errors: [
      'device_login_pending',
      'device_login_unsupported',
      'sign_on_refused',
      'sign_on_not_permitted',
      'identity_provider_unavailable',
      'unauthorized',
      'password_expired',
      'token_lifetime_too_long',
      'token_lifetime_invalid',
    ],
  }),
})

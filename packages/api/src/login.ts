import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { data, empty } from './reply.ts'
import { lateText } from './text/query-text.ts'

/** The longest life of a session that may be asked for: 90 days. */
export const MAX_TOKEN_LIFETIME_SECONDS = 7_776_000

/** The answer to a log-in. */
export const LoginView = z
  .object({
    token: z.string().nullable().meta({ description: 'Bearer token; limited to the second factor while one is due.' }),
    two_fa: z
      .object({
        send_to: z.string(),
        delivery_method: z.string(),
        totp_key_status: z.string(),
      })
      .nullable()
      .meta({ description: 'null when no second factor is due.' }),
  })
  .meta({ id: 'Login' })
export type LoginView = z.output<typeof LoginView>

/** How this server logs users in. */
export const AuthProviderView = z
  .object({
    auth_provider: z.string(),
    settings_uri: z.string(),
    device_settings_uri: z.string(),
    max_token_lifetime: z.int().meta({ description: 'Hours; 0: not set.' }),
  })
  .meta({ id: 'AuthProvider' })
export type AuthProviderView = z.output<typeof AuthProviderView>

/** For how long somebody wants to be logged in. */
export const tokenLifetime = z.object({
  'token-lifetime': lateText({
    type: 'integer',
    maximum: MAX_TOKEN_LIFETIME_SECONDS,
    default: 600,
    description: 'Seconds until an unused session ends.',
  }).optional(),
})

/** Logging in and out. */
export const login = resource('Login', {
  withBasic: endpoint({
    method: 'GET',
    path: '/login',
    summary: 'Log in with HTTP Basic',
    auth: 'login',
    audit: ['auth.session', 'login'],
    query: tokenLifetime,
    reply: data(LoginView),
    errors: [
      'built_in_login_off',
      'auth_required',
      'header_login_invalid',
      'username_required',
      'unauthorized',
      'password_expired',
      'too_many_attempts',
      'token_lifetime_too_long',
      'token_lifetime_invalid',
      'two_fa_send_to_missing',
      'two_fa_not_sent',
    ],
  }),

  withBody: endpoint({
    method: 'POST',
    path: '/login',
    summary: 'Log in with a JSON body or a form',
    description: 'With `new_password` an expired password is replaced after the old one was accepted.',
    auth: 'login',
    audit: ['auth.session', 'login'],
    query: tokenLifetime,
    body: z.object({
      username: z.string().default(''),
      password: z.string().default('').meta({ format: 'password' }),
      new_password: z.string().default('').meta({ format: 'password' }),
    }),
    bodyForm: 'json-or-form',
    reply: data(LoginView),
    errors: [
      'built_in_login_off',
      'username_required',
      'unauthorized',
      'password_expired',
      'too_many_attempts',
      'token_lifetime_too_long',
      'token_lifetime_invalid',
      'password_too_short',
      'password_too_long',
      'password_too_guessable',
      'single_user_operation',
      'two_fa_send_to_missing',
      'two_fa_not_sent',
    ],
  }),

  proveFactor: endpoint({
    method: 'POST',
    path: '/verify-2fa',
    summary: 'Finish a login with its second factor',
    description:
      'Takes the limited token of the login as bearer. `token` is the code that was delivered, the code of the app, or one of the recovery codes. Each is good once.',
    auth: 'pending',
    audit: ['auth.session', 'login'],
    query: tokenLifetime,
    body: z.object({
      username: z.string().max(1000).default(''),
      token: z.string().max(100).default('').meta({ format: 'password' }),
    }),
    reply: data(LoginView),
    errors: [
      'username_required',
      'code_required',
      'token_lifetime_too_long',
      'token_lifetime_invalid',
      'second_factor_off',
      'two_fa_code_wrong',
      'two_fa_login_unknown',
      'two_fa_code_expired',
      'totp_code_wrong',
      'totp_login_unknown',
      'totp_login_expired',
      'totp_secret_required',
    ],
  }),

  logout: endpoint({
    method: 'DELETE',
    path: '/logout',
    summary: 'End the session of the bearer token',
    auth: 'bearer',
    audit: ['auth.session', 'logout'],
    reply: empty(),
    errors: ['bearer_required', 'token_invalid', 'token_invalid_or_expired', 'too_many_attempts'],
  }),

  provider: endpoint({
    method: 'GET',
    path: '/auth/provider',
    summary: 'Tell how users log in',
    auth: 'none',
    reply: data(AuthProviderView),
    errors: [],
  }),
})

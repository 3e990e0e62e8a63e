import { z } from 'zod'
import { endpoint, resource } from './endpoint.ts'
import { bare, data, empty } from './reply.ts'

/** compat: without envelope. */
const SecretView = z
  .object({
    secret: z.string().meta({ description: 'base32, for typing it into the app.' }),
    qr: z.string().meta({ description: 'PNG of 200 × 200 pixels in base64, for the camera of the app.' }),
  })
  .meta({ id: 'TotpSecret' })

const own = ['totp_disabled', 'session_required', 'user_not_found'] as const
const path = '/me/totp-secret'

/** Authenticator apps and recovery codes. What comes after a password stands with the login. */
export const secondFactors = resource('Second factors', {
  getSecret: endpoint({
    method: 'GET',
    path,
    summary: 'Show the secret of the own authenticator app',
    auth: 'user',
    audit: ['auth.user.totp', 'read'],
    reply: bare(SecretView),
    errors: [...own, 'totp_secret_not_found'],
  }),

  createSecret: endpoint({
    method: 'POST',
    path,
    summary: 'Begin to set up an authenticator app',
    description:
      'The limited token of a login whose user has no app may call it, too. The app counts when its first code has come: by POST /verify-2fa, or in a session by PUT /me/totp-secret.',
    auth: 'user',
    whilePending: true,
    audit: ['auth.user.totp', 'create'],
    reply: bare(SecretView),
    errors: [...own, 'totp_secret_exists'],
  }),

  confirmSecret: endpoint({
    method: 'PUT',
    path,
    summary: 'Finish setting up an authenticator app with its first code',
    auth: 'user',
    audit: ['auth.user.totp', 'update'],
    body: z.object({ token: z.string().max(100).meta({ format: 'password' }) }),
    reply: empty(),
    errors: [
      ...own,
      'totp_secret_exists',
      'totp_secret_required',
      'totp_code_wrong',
      'totp_login_unknown',
      'totp_login_expired',
    ],
  }),

  deleteSecret: endpoint({
    method: 'DELETE',
    path,
    summary: 'Remove the own authenticator app and its recovery codes',
    description: 'The next login asks for another app.',
    auth: 'user',
    audit: ['auth.user.totp', 'delete'],
    reply: empty(),
    errors: own,
  }),

  deleteSecretOf: endpoint({
    method: 'DELETE',
    path: '/users/{user_id}/totp-secret',
    summary: 'Remove the authenticator app and the recovery codes of a user',
    auth: 'user',
    admin: true,
    audit: ['auth.user.totp', 'delete'],
    reply: empty(),
    errors: ['totp_disabled', 'user_not_found'],
  }),

  createRecoveryCodes: endpoint({
    method: 'POST',
    path: '/me/totp-secret/recovery-codes',
    summary: 'Make ten recovery codes, each good once in place of a code of the app',
    description: 'Codes that were made before end. They are shown here and never again.',
    auth: 'user',
    audit: ['auth.user.totp.recovery', 'create'],
    reply: data(z.object({ codes: z.array(z.string()) }).meta({ id: 'RecoveryCodes' })),
    errors: [...own, 'totp_secret_not_found'],
  }),

  countRecoveryCodes: endpoint({
    method: 'GET',
    path: '/me/totp-secret/recovery-codes',
    summary: 'Tell how many recovery codes are left',
    auth: 'user',
    reply: data(z.object({ left: z.int() }).meta({ id: 'RecoveryCodesLeft' })),
    errors: [...own, 'totp_secret_not_found'],
  }),
})

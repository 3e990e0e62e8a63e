/** What is written down of an operation by itself; handlers may say otherwise (`audit.note`). */
export interface Recording {
  readonly request: boolean
  readonly response: boolean
  /** Where the affected id comes from. `id`: the last parameter of the path, else the id in the reply or the body; `token`: compat, `[user,prefix]`. */
  readonly affected: 'id' | 'first-param' | 'client' | 'actor' | 'token'
  /** Field of the request whose content is nobody's business; its place stays empty. */
  readonly hidden?: string
  /** Switch of the query that is a part of the request. */
  readonly flag?: string
  /** compat: fields that the original's records have beside the request. */
  readonly beside?: Readonly<Record<string, null>>
}

const nothing: Recording = { request: false, response: false, affected: 'id' }
const request: Recording = { request: true, response: false, affected: 'id' }
const both: Recording = { request: true, response: true, affected: 'id' }

/** The original's vocabulary and our additions; `application` or `application action`. @see docs/compatibility.md */
const recordings: Readonly<Record<string, Recording>> = {
  'auth.user': nothing,
  'auth.user.me': nothing,
  'auth.user.me.token': { ...nothing, affected: 'actor' },
  'auth.user.me.token create': { ...nothing, affected: 'token' },
  'auth.user.me.token update': { ...request, affected: 'actor' },
  'auth.user.totp': nothing,
  'auth.user.totp.recovery': nothing,
  'auth.user.group': both,
  'auth.api.session': { ...nothing, affected: 'first-param' },
  'auth.api.sessions': { ...nothing, affected: 'first-param' },
  'auth.session': nothing,
  user: nothing,
  client: { ...nothing, affected: 'client' },
  'client.acl': { ...request, affected: 'client' },
  'client.auth': nothing,
  'client.auth delete': { ...nothing, flag: 'force' },
  'client.group': { ...request, beside: { client_ids: null } },
  'client.tunnel': both,
  'client.command': both,
  'client.script': both,
  'library.command': both,
  'library.script': both,
  schedule: both,
  uploads: both,
  vault: nothing,
  'vault create': { ...request, hidden: 'value' },
  'vault update': { ...request, hidden: 'value' },
}

/** What is written down of an operation; of one that is not in the vocabulary its request. */
export const recordingOf = (application: string, action: string): Recording =>
  recordings[`${application} ${action}`] ?? recordings[application] ?? request

/** Logging in and out, which the original does not write down. */
export const sessionKinds = { application: 'auth.session', failed: 'login.failed' } as const
/** A right that was missing. */
export const refusalKind = { application: 'access', action: 'refused' } as const
/** What the agents' side writes down: logins that failed, and ids of somebody else. */
export const agentKinds = { application: 'client.session', failed: 'login.failed', foreign: 'refused' } as const
/** The response of an operation that broke halfway. */
export const BROKEN = { outcome: 'failed' } as const

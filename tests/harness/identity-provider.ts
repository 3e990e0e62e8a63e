import { resolve } from 'node:path'
import { freePorts } from './ports.ts'
import { type Program, startProgram } from './program.ts'
import { ROOT } from './programs.ts'
import type { Scope } from './scope.ts'

/** A provider of OpenID Connect with the accounts ada, grace and mallory (tests/peers/identity-provider.mjs). */
export interface IdentityProvider {
  readonly issuer: string
  /** Where it sends browsers back to; nobody listens there. */
  readonly redirectUri: string
  readonly program: Program
}

/** Starts it; the scope ends it. */
export async function startIdentityProvider(scope: Scope): Promise<IdentityProvider> {
  const [port = 0] = await freePorts(1)
  const program = startProgram(scope, {
    name: 'identity provider',
    command: process.execPath,
    args: [resolve(ROOT, 'tests/peers/identity-provider.mjs'), String(port)],
  })
  await program.waitFor(/provider listens/)
  return { issuer: `http://127.0.0.1:${port}`, redirectUri: 'http://127.0.0.1:1/oauth/callback', program }
}

/** Pages and redirects that a login may take. */
const MAX_STEPS = 30

/**
 * What a browser does in which somebody is logged in at the provider: keeps cookies, follows redirects, sends off forms.
 * @param until  prefix of the address where it stops
 * @returns      that address; the text of the last page when it never got there
 */
export async function browse(start: string, account: string, until: string): Promise<URL | string> {
  const cookies = new Map([['account', account]])
  let ask: { url: string; form?: URLSearchParams } = { url: start }
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const response = await fetch(ask.url, {
      method: ask.form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(ask.form ? { body: ask.form } : {}),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      cookies.set(name, value)
    }
    const page = await response.text()
    const location = response.headers.get('location')
    const form = location === null ? formIn(page) : undefined
    if (location === null && !form) return page
    const url = new URL(location ?? form?.action ?? '', ask.url)
    if (url.href.startsWith(until)) return url
    ask = { url: url.href, ...(form ? { form: form.fields } : {}) }
  }
  return `still on the way after ${MAX_STEPS} steps: ${ask.url}`
}

/** The first form of a page that asks for nothing more. */
function formIn(page: string): { action: string; fields: URLSearchParams } | undefined {
  const [, action] = /<form[^>]*action="([^"]+)"/.exec(page) ?? []
  const inputs = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
  if (action === undefined || inputs.length < 2) return undefined
  return { action, fields: new URLSearchParams(inputs.map(([, name = '', value = '']) => [name, value])) }
}

import { ApiError, apiError, PlainError, plainError } from '@rport/api'
import { callerAddress, type IpNetwork } from '@rport/kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { authenticate } from './authenticate.ts'
import { parseAuthorization } from './credentials.ts'
import type { AccessPolicy, Authenticator, Bans } from './doors.ts'
import { sendError } from './send.ts'

/** A page beside the API, for programs that watch the server: plain text, no envelope, no audit. */
export interface Page {
  readonly path: `/${string}`
  /** `none`: everybody may read it. `admin`: members of Administrators, and whoever `admits` lets in. */
  readonly auth: 'none' | 'admin'
  /** Lets a caller in without a login. */
  readonly admits?: (caller: PageCaller) => boolean
  /** Never called for whoever may not read it. */
  answer(): Promise<PageReply>
}

/** Who asks for a page. */
export interface PageCaller {
  /** True address, proxies that we trust looked through. */
  readonly address: string
  /** Token of the Authorization header; undefined without one. */
  readonly bearer: string | undefined
}

export interface PageReply {
  readonly status: number
  readonly contentType: string
  readonly text: string
}

export interface PageDeps {
  readonly authenticator: Authenticator
  readonly accessPolicy: Pick<AccessPolicy, 'isAdmin'>
  readonly bans: Bans
  readonly trustedProxies: readonly IpNetwork[]
}

/** Answers a request for a page. */
export async function answerPage(deps: PageDeps, page: Page, request: FastifyRequest, reply: FastifyReply) {
  try {
    if (page.auth === 'admin') await admit(deps, page, request)
    const { status, contentType, text } = await page.answer()
    await reply.code(status).header('content-type', contentType).send(text)
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof PlainError)) throw error
    await sendError(reply, error)
  }
  return reply
}

/** @throws what the API refuses with: banned, unauthorized, … */
async function admit(deps: PageDeps, page: Page, request: FastifyRequest): Promise<void> {
  const forwardedFor = [request.headers['x-forwarded-for']].flat().filter(Boolean).join(',') || undefined
  const address = callerAddress(request.raw.socket.remoteAddress ?? '', forwardedFor, deps.trustedProxies)
  if (deps.bans.isBanned(address)) throw plainError('banned')
  const credentials = parseAuthorization(request.headers.authorization)
  const bearer = credentials.kind === 'bearer' ? credentials.token : undefined
  if (page.admits?.({ address, bearer })) return
  const origin = { address, userAgent: request.headers['user-agent'] ?? '' }
  try {
    const actor = await authenticate(deps.authenticator, credentials, { origin, method: 'GET', path: page.path })
    if (!(await deps.accessPolicy.isAdmin(actor))) throw apiError('not_administrator')
  } catch (error) {
    // No browser asks for such a page with a session that has ended: a wrong token here is a guess.
    if (bearer !== undefined) deps.bans.failed(address)
    throw error
  }
}

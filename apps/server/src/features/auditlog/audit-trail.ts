import { randomInt } from 'node:crypto'
import { ApiError, apiError, type EndpointSpec, parseBoolText } from '@rport/api'
import { type Clock, errorMessage, type Logger } from '@rport/kit'
import type { AuditDetails, AuditedCall, AuditRecord, AuditTrail, RefusedCall } from '../../http/index.ts'
import { type AuditEntry, type AuditEvent, type EntryOptions, toEntry } from './audit-event.ts'
import { BROKEN, type Recording, recordingOf, refusalKind, sessionKinds } from './audit-vocabulary.ts'
import type { AuditWriter } from './audit-writer.ts'
import type { AuditStore } from './auditlog-store.ts'

/** The largest range that the random source takes. */
const MAX_FIRST_ID = 2 ** 48 - 1

export interface AuditTrailDeps extends EntryOptions {
  readonly writer: AuditWriter
  readonly store: Pick<AuditStore, 'join'>
  /** Ids of intents whose operation is still running; the owner settles the others. */
  readonly underway: Set<number>
  /** Takes what costs a caller nothing: it is written once and then counted. Never rejects. */
  readonly attempted: (event: AuditEvent) => Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

/** The door's side of the audit log: one row for each operation that was done, and for refusals. */
export function createAuditTrail(deps: AuditTrailDeps): AuditTrail {
  const { writer, store, underway, clock, log } = deps
  // Ids that follow each other are cheap to keep; the beginning keeps them apart from those of an earlier process.
  let lastId = randomInt(MAX_FIRST_ID)
  const entriesOf = (events: readonly AuditEvent[]) => events.map((event) => toEntry(event, deps))

  const append = (entries: readonly AuditEntry[], intentId: number | undefined) =>
    writer.write({ kind: 'append', at: clock.now(), entries, ...(intentId !== undefined && { intentId }) })

  const announce = async (id: number, call: AuditedCall): Promise<void> => {
    const [entry] = entriesOf(eventsOf(call, {}, undefined))
    if (!entry) return
    underway.add(id)
    try {
      await writer.write({ kind: 'intend', id, at: clock.now(), entry })
    } catch (error) {
      underway.delete(id)
      throw apiError('audit_unavailable', {}, { cause: error })
    }
  }
  const idFor = ({ spec }: AuditedCall): number | undefined => {
    // Reading changes nothing, and a session whose token was not given out is nobody's: a row before the reply is enough.
    // Strangers must not be able to make the disk busy with attempts.
    if (spec.method === 'GET' || spec.auth !== 'user') return undefined
    lastId += 1
    return lastId
  }

  return {
    begin(call): AuditRecord {
      const id = idFor(call)
      let details: AuditDetails = {}
      let isWritten = false
      const settle = () => id !== undefined && underway.delete(id)
      return {
        announced: id === undefined ? Promise.resolve() : announce(id, call),
        note(more) {
          details = { ...details, ...more }
        },
        row(value) {
          const entries = entriesOf(eventsOf(call, details, value))
          return async (trx) => {
            const intentId = id === undefined ? {} : { intentId: id }
            await store.join(trx, { kind: 'append', at: clock.now(), entries, ...intentId })
            isWritten = true
          }
        },
        async succeeded(value) {
          try {
            if (isWritten) return
            await append(entriesOf(eventsOf(call, details, value)), id)
          } catch (error) {
            throw apiError(id === undefined ? 'audit_unavailable' : 'audit_incomplete', {}, { cause: error })
          } finally {
            settle()
          }
        },
        async failed(error) {
          // An error that nobody expected may have come after the change: what is known is written down.
          const isRefused = error instanceof ApiError && error.key !== 'internal'
          const write = isRefused
            ? undefined
            : append(entriesOf(eventsOf(call, { ...details, response: BROKEN }, undefined)), id)
          const drop = isRefused && id !== undefined ? writer.write({ kind: 'drop', intentId: id }) : undefined
          await Promise.all([write, drop]).catch((problem: unknown) => {
            log.warn({ error: errorMessage(problem) }, 'end of an operation was not written down')
          })
          settle()
          const event = isRefused ? refusalOf(call, error, details) : undefined
          if (event) await deps.attempted(event)
        },
      }
    },

    async refused(call, error) {
      const event = refusalOf(call, error, {})
      if (event) await deps.attempted(event)
    },
  }
}

/** The rows of an operation; of several clients one each. */
function eventsOf(call: AuditedCall, details: AuditDetails, value: unknown): AuditEvent[] {
  const [application, action] = call.spec.audit ?? ['', '']
  const recording = recordingOf(application, action)
  const pathClient = recording.affected === 'client' ? '' : (call.params['client_id'] ?? '')
  const event = {
    username: details.username ?? nameOf(call),
    address: call.origin.address,
    application,
    action,
    affectedId: details.affectedId ?? affectedOf(call, recording.affected, value),
    request: 'request' in details ? details.request : requestOf(call, recording),
    response: 'response' in details ? details.response : recording.response ? value : undefined,
  }
  const clientIds = details.clientIds ?? [pathClient]
  return (clientIds.length > 0 ? clientIds : ['']).map((clientId) => ({ ...event, clientId }))
}

function requestOf({ body, rawQuery }: AuditedCall, { request, hidden, flag, beside }: Recording): unknown {
  if (flag !== undefined) return { [flag]: parseBoolText(rawQuery.get(flag)?.[0] ?? '') ?? false }
  if (!request || !body) return undefined
  return { ...body, ...beside, ...(hidden !== undefined && { [hidden]: '' }) }
}

/** Who acts; of a login the name in its body counts. */
function nameOf({ actor, claimedName, body }: AuditedCall): string {
  if (actor) return actor.username
  const sent = body?.['username']
  return typeof sent === 'string' ? sent : claimedName
}

function affectedOf(call: AuditedCall, from: Recording['affected'], value: unknown): string {
  if (from === 'actor') return nameOf(call)
  if (from === 'token') return `[${nameOf(call)},${prefixIn(value)}]`
  if (from === 'client') return call.params['client_id'] ?? ''
  const params = Object.entries(call.params).flatMap(([name, text]) => (name === 'client_id' ? [] : [text]))
  const named = from === 'first-param' ? params[0] : params.at(-1)
  return named ?? idIn(value) ?? idIn(call.body) ?? ''
}

function prefixIn(value: unknown): string {
  const found = (value as { prefix?: unknown } | undefined)?.prefix
  return typeof found === 'string' ? found : ''
}

function idIn(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object') return undefined
  const { id, jid } = value as { id?: unknown; jid?: unknown }
  const found = id ?? jid
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined
}

/** The row of a refusal, if it is one of a right or of a password; expired sessions and pauses are everyday life. */
function refusalOf(call: RefusedCall | AuditedCall, error: unknown, details: AuditDetails): AuditEvent | undefined {
  if (!(error instanceof ApiError)) return undefined
  const username = details.username ?? ('body' in call ? nameOf(call) : call.claimedName)
  const from = { username, address: call.origin.address }
  const request = { method: call.spec.method, path: call.spec.path, reason: error.message }
  if (error.status === 403) {
    return {
      ...from,
      ...refusalKind,
      affectedId: affectedOfRefusal(call),
      clientId: call.params['client_id'] ?? '',
      request,
    }
  }
  if (error.status !== 401) return undefined
  if (call.actor) return { ...from, application: applicationOf(call.spec), action: `${actionOf(call.spec)}.failed` }
  const isOfSomebody = error.key === 'unauthorized' || error.key === 'sign_on_not_permitted'
  if (!isOfSomebody || username === '') return undefined
  return { ...from, application: sessionKinds.application, action: sessionKinds.failed }
}

const applicationOf = (spec: EndpointSpec): string => spec.audit?.[0] ?? refusalKind.application
const actionOf = (spec: EndpointSpec): string => spec.audit?.[1] ?? spec.method.toLowerCase()
const affectedOfRefusal = ({ params }: Pick<AuditedCall, 'params'>): string =>
  Object.entries(params).findLast(([name]) => name !== 'client_id')?.[1] ?? ''

import { agentRequest, jsonCodec, nullCodec } from './agent-request.ts'
import { readFields } from './go-fields.ts'
import { MAX_UPDATE_CHARS, MAX_UPDATES } from './limits.ts'

/** Updates of the operating system that wait on a machine. */
export interface UpdatesStatus {
  /** RFC 3339, as the agent wrote it. */
  readonly refreshedAt: string
  readonly updatesAvailable: number
  readonly securityUpdatesAvailable: number
  readonly updateSummaries: readonly UpdateSummary[] | null
  readonly rebootPending: boolean
  /** Why the state could not be found out; empty when it could. */
  readonly error: string
  /** What to do about it. */
  readonly hint: string
}

export interface UpdateSummary {
  readonly title: string
  readonly description: string
  readonly rebootRequired: boolean
  readonly isSecurityUpdate: boolean
}

const MAX_COUNT = 1e6

/** Sent after each refresh, and not again after a reconnect: the server keeps it with the client. */
export const updatesStatus = agentRequest({
  name: 'updates_status',
  wantReply: false,
  ask: jsonCodec<UpdatesStatus>({
    write: (status) => ({
      refreshed: status.refreshedAt,
      updates_available: status.updatesAvailable,
      security_updates_available: status.securityUpdatesAvailable,
      update_summaries:
        status.updateSummaries?.map((summary) => ({
          title: summary.title,
          description: summary.description,
          reboot_required: summary.rebootRequired,
          is_security_update: summary.isSecurityUpdate,
        })) ?? null,
      reboot_pending: status.rebootPending,
      ...(status.error === '' ? {} : { error: status.error }),
      ...(status.hint === '' ? {} : { hint: status.hint }),
    }),
    read(document) {
      const fields = readFields(document)
      return {
        refreshedAt: fields.time('refreshed'),
        updatesAvailable: fields.integer('updates_available', 0, MAX_COUNT),
        securityUpdatesAvailable: fields.integer('security_updates_available', 0, MAX_COUNT),
        updateSummaries: fields.objects('update_summaries', MAX_UPDATES, (summary) => ({
          title: summary.text('title', MAX_UPDATE_CHARS),
          description: summary.text('description', MAX_UPDATE_CHARS),
          rebootRequired: summary.boolean('reboot_required'),
          isSecurityUpdate: summary.boolean('is_security_update'),
        })),
        rebootPending: fields.boolean('reboot_pending'),
        error: fields.text('error', MAX_UPDATE_CHARS),
        hint: fields.text('hint', MAX_UPDATE_CHARS),
      }
    },
  }),
  answer: nullCodec,
})

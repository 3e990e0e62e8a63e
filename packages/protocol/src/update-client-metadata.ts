import { agentRequest, jsonCodec } from './agent-request.ts'
import { readFields } from './go-fields.ts'
import { MAX_TAG_CHARS, MAX_TAGS } from './limits.ts'

/** What replaces tags and labels of the agent, both as a whole. */
export interface ClientMetadata {
  readonly tags: readonly string[] | null
  readonly labels: Readonly<Record<string, string>> | null
}

/** Asks the agent to keep new tags and labels. Refused when it has no file for them. */
export const updateClientMetadata = agentRequest({
  name: 'update_client_metadata',
  wantReply: true,
  ask: jsonCodec<ClientMetadata>({
    write: ({ tags, labels }) => ({ tags, labels }),
    read(document) {
      const fields = readFields(document)
      return {
        tags: fields.texts('tags', MAX_TAGS, MAX_TAG_CHARS),
        labels: fields.textMap('labels', MAX_TAGS, MAX_TAG_CHARS),
      }
    },
  }),
  // Success itself is the answer; what it says beyond that is always the same.
  answer: jsonCodec<void>({ write: () => ({ status: 'OK' }), read: () => undefined }),
})

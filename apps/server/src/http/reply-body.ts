import { type ApiError, type EndpointSpec, errorsOf, type Page, type Reply } from '@rport/api'
import { z } from 'zod'

/** The JSON text of a handler's result in its envelope; undefined for a reply without body. */
export function replyText(reply: Reply, value: unknown): string | undefined {
  switch (reply.kind) {
    case 'empty':
      return undefined
    case 'data':
      return JSON.stringify({ data: value ?? null })
    case 'page': {
      // Handlers are typed by their endpoint; only this place sees all of them.
      const { items, count } = value as Page<unknown>
      return JSON.stringify({ data: items, meta: { count } })
    }
    case 'bare':
      return JSON.stringify(value)
  }
}

/** A handler that does not keep what its endpoint declares; a fault of ours, found by tests. */
export class ContractBroken extends Error {
  override readonly name = 'ContractBroken'
}

/**
 * Holds a result against the declared reply, for tests: in production the types have to be enough.
 * @throws ContractBroken
 */
export function checkReply({ method, path, reply }: EndpointSpec, value: unknown): void {
  if (reply.kind === 'empty') return
  const schema = reply.kind === 'page' ? pageOf(reply.schema) : reply.schema
  const result = z.strictObject({ value: schema }).safeParse({ value: value ?? null })
  if (result.success) return
  throw new ContractBroken(`${method} ${path}: ${z.prettifyError(result.error)}`)
}

/** The fault of throwing an error that the endpoint does not declare; undefined when it does. */
export function checkError(spec: EndpointSpec, error: ApiError): ContractBroken | undefined {
  if (errorsOf(spec).has(error.key)) return undefined
  return new ContractBroken(`${spec.method} ${spec.path}: the error ${error.key} is not declared`, { cause: error })
}

const pageOf = (schema: z.ZodType) => z.object({ items: z.array(schema), count: z.int().min(0) })

import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

/** A question that a company's cloud was asked. */
export interface CloudQuestion {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Answers by `METHOD /path`; a function sees the question. Anything else is 404. */
export type CloudAnswers = Record<string, unknown | ((question: CloudQuestion) => unknown)>

/** An answer with a status of its own. */
export const withStatus = (status: number, body: unknown) => ({ fakeStatus: status, fakeBody: body })

/** Stands in for the API of GitHub, Google or Microsoft on a port of loopback. The caller closes it. */
export async function startFakeCloud(answers: CloudAnswers) {
  const questions: CloudQuestion[] = []
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://cloud')
    const question = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: await text(request),
    }
    questions.push(question)
    const found = answers[`${question.method} ${question.path}`]
    const answer = await (typeof found === 'function' ? found(question) : found)
    const { fakeStatus = answer === undefined ? 404 : 200, fakeBody = answer } = (answer ?? {}) as Record<
      string,
      unknown
    >
    response.writeHead(Number(fakeStatus), { 'content-type': 'application/json' })
    response.end(typeof fakeBody === 'string' ? fakeBody : JSON.stringify(fakeBody ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${port}`,
    questions,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

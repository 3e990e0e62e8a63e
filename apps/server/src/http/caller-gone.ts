import type { ServerResponse } from 'node:http'

/** The caller hung up before the answer; nobody reads what follows. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone'

  constructor() {
    super('the caller hung up')
  }
}

/** A signal that aborts with `CallerGone` when the connection closes before the answer was sent. */
export function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new CallerGone())
  })
  return gone.signal
}

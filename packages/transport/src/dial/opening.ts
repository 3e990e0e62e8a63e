import type { Socket } from 'node:net'
import { TransportError } from '../errors.ts'

/** A conversation at the beginning of a socket, after which it belongs to somebody else. Without a socket, so that it can be tested byte by byte. */
export interface Opening {
  /** What we say first. */
  readonly hello: Buffer
  /** Who answers, for messages: `the proxy`, `the server`. */
  readonly peer: string
  /**
   * @returns what to say next, or the bytes that follow the conversation; neither: more is needed
   * @throws  TransportError when the peer refuses, makes no sense or says too much
   */
  feed(bytes: Buffer): { readonly say?: Buffer; readonly rest?: Buffer }
}

/**
 * Holds the conversation on a connected socket that ignores late errors already. The socket is paused afterwards; when it failed, it is destroyed.
 * @returns bytes that came after the conversation
 * @throws  TransportError, or the signal's reason
 */
export function converse(socket: Socket, opening: Opening, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      signal.removeEventListener('abort', onAbort)
      socket.removeListener('data', onData)
      socket.removeListener('error', onError)
      socket.removeListener('close', onClose)
      socket.pause()
    }
    const fail = (error: unknown) => {
      leave()
      socket.destroy()
      reject(error)
    }
    const onAbort = () => fail(signal.reason)
    const onError = (error: Error) => fail(new TransportError('dial-failed', error.message, { cause: error }))
    const onClose = () =>
      fail(new TransportError('dial-failed', `${opening.peer} closed the connection without an answer`))
    const onData = (bytes: Buffer) => {
      try {
        const { say, rest } = opening.feed(bytes)
        if (say) socket.write(say)
        if (!rest) return
        leave()
        resolve(rest)
      } catch (thrown) {
        fail(thrown)
      }
    }
    if (signal.aborted) return onAbort()
    if (socket.destroyed) return onClose()
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.on('data', onData)
    socket.resume()
    socket.write(opening.hello)
  })
}

/** Keeps the error of a socket from ending the program; whoever waits for the socket hears of it by its own listener. */
export const ignoreLateErrors = () => undefined

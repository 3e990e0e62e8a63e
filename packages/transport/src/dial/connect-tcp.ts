import { lookup } from 'node:dns/promises'
import net, { type Socket, type TcpNetConnectOpts } from 'node:net'
import { TransportError } from '../errors.ts'
import { interfaceAddresses, type LocalAddresses } from './interface-addresses.ts'
import { ignoreLateErrors } from './opening.ts'

export interface TcpTarget {
  /** Name or address; IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

/** One address of a name gets this long before the next is tried: slow satellite links answer later than the runtime's 250 ms. */
const NEXT_ADDRESS_AFTER_MS = 5000

/**
 * Connects to the first address of the target that answers; with `bindInterface`, from an address of that interface.
 * @throws TransportError(dial-failed), or the signal's reason
 */
export async function connectTcp(
  target: TcpTarget,
  bindInterface: string | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  if (bindInterface === undefined) {
    return connectOnce({ ...target, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS }, signal)
  }
  const local = interfaceAddresses(bindInterface)
  let failure: unknown = new TransportError(
    'dial-failed',
    `${bindInterface} has no address of the family that ${target.host} needs`,
  )
  for (const options of await pair(target, local, signal)) {
    try {
      return await connectOnce(options, signal)
    } catch (error) {
      if (signal.aborted) throw error
      failure = error
    }
  }
  throw failure
}

/** Each address of the target with the local one of its family. */
async function pair(
  { host, port }: TcpTarget,
  local: LocalAddresses,
  signal: AbortSignal,
): Promise<readonly TcpNetConnectOpts[]> {
  const addresses = await orAbort(lookup(host, { all: true }), signal).catch((error: unknown) => {
    if (signal.aborted) throw error
    throw new TransportError('dial-failed', (error as Error).message, { cause: error })
  })
  return addresses.flatMap(({ address, family }) => {
    const localAddress = family === 6 ? local.ipv6 : local.ipv4
    return localAddress === undefined ? [] : [{ host: address, port, localAddress }]
  })
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function connectOnce(options: TcpNetConnectOpts, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const socket = net.connect(options)
    // For good: a reset between two steps of the way must not end the program.
    socket.on('error', ignoreLateErrors)
    const leave = () => {
      signal.removeEventListener('abort', onAbort)
      socket.removeListener('connect', onConnect)
      socket.removeListener('error', onError)
    }
    const onConnect = () => {
      leave()
      resolve(socket)
    }
    const fail = (error: unknown) => {
      leave()
      socket.destroy()
      reject(error)
    }
    const onError = (error: Error) => fail(new TransportError('dial-failed', describe(error), { cause: error }))
    const onAbort = () => fail(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', onConnect)
    socket.once('error', onError)
  })
}

/** Several addresses of one name fail with one error that has no message of its own. */
const describe = (error: Error): string =>
  error instanceof AggregateError && error.message === ''
    ? error.errors.map((each: Error) => each.message).join(', ')
    : error.message

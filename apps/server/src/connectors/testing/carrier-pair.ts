import { deserialize, serialize } from 'node:v8'
import type { Carrier, Message } from '../line.ts'

/** Two ends of a line in memory. What passes is taken apart and put together as between processes. */
export interface CarrierPair {
  readonly main: Carrier
  readonly connector: Carrier
  /** From here on nothing arrives, as with a process that was killed. */
  cut(): void
}

export function createCarrierPair(): CarrierPair {
  let isCut = false
  const half = () => {
    let receive: ((messages: readonly Message[]) => void) | undefined
    const kept: Message[][] = []
    return {
      deliver(messages: readonly Message[]) {
        const copy = deserialize(serialize(messages)) as Message[]
        setImmediate(() => {
          if (isCut) return
          if (receive) receive(copy)
          else kept.push(copy)
        })
      },
      onMessages(own: (messages: readonly Message[]) => void) {
        receive = own
        for (const messages of kept.splice(0)) own(messages)
      },
    }
  }
  const [toMain, toConnector] = [half(), half()]
  return {
    main: { send: toConnector.deliver, onMessages: toMain.onMessages },
    connector: { send: toMain.deliver, onMessages: toConnector.onMessages },
    cut() {
      isCut = true
    },
  }
}

import type { Objection } from '@rport/config'
import type { NetworkCard } from './agent-config.ts'

/** Checks `[device, max Mbit/s]`; the messages are the original's. */
export function objectToCard(texts: readonly string[]): Objection | undefined {
  const fix = 'write ["eth0", "1000"]: the device and its speed in Mbit/s'
  if (texts.length === 0) return undefined
  if (texts.length !== 2) return { message: 'network card description illegal', fix }
  const [device = '', speed = ''] = texts
  if (device === '') return { message: 'network card device name missing', fix }
  if (speed === '') return { message: 'network card max speed missing', fix }
  if (!/^-?\d{1,9}$/.test(speed)) return { message: `network card max speed illegal: ${speed.slice(0, 20)}`, fix }
  return Number(speed) < 1 ? { message: `network card max speed low: ${speed}`, fix } : undefined
}

/** The card of a list that `objectToCard` accepted. */
export const toCard = ([device, speed]: readonly string[]): NetworkCard | undefined =>
  device === undefined ? undefined : { device, maxSpeed: Number(speed) }

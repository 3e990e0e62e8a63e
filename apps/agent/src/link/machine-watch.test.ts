import { silentLogger } from '@rport/kit'
import { createFakeClock } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { createMachineWatch } from './machine-watch.ts'

function watch() {
  const clock = createFakeClock()
  const machine = { addresses: [{ address: '10.0.0.5', internal: false }] }
  let upsets = 0
  const { stop } = createMachineWatch({ addresses: () => machine.addresses, clock, log: silentLogger }).start(() => {
    upsets += 1
  })
  return { clock, machine, stop, upsets: () => upsets }
}

test('a quiet hour upsets nobody', async () => {
  const { clock, upsets } = watch()
  await clock.advance(3_600_000)
  expect(upsets()).toBe(0)
})

test('sleep is noticed within three seconds of waking, once', async () => {
  const { clock, upsets } = watch()
  await clock.advance(60_000)
  clock.jump(8 * 3_600_000)
  await clock.advance(3000)
  expect(upsets()).toBe(1)
  await clock.advance(60_000)
  expect(upsets()).toBe(1)
})

test('a clock that is corrected by seconds, or set back, is no sleep', async () => {
  const { clock, upsets } = watch()
  clock.jump(3000)
  await clock.advance(5000)
  clock.jump(-86_400_000)
  await clock.advance(60_000)
  expect(upsets()).toBe(0)
})

test('another address is noticed, one of loopback, of a cable or of a container is not', async () => {
  const { clock, machine, upsets } = watch()
  machine.addresses = [
    { address: 'fe80::1', internal: false },
    { address: '169.254.3.4', internal: false },
    { address: '127.0.0.2', internal: true },
    { address: '10.0.0.5', internal: false },
  ]
  await clock.advance(10_000)
  expect(upsets()).toBe(0)
  machine.addresses = [{ address: '192.168.1.9', internal: false }]
  await clock.advance(10_000)
  expect(upsets()).toBe(1)
})

test('nothing is left behind', () => {
  const { clock, stop } = watch()
  stop()
  expect(clock.pending).toBe(0)
})

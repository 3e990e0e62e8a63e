import { createMemoryLogger } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { createSystemdNotice } from './systemd-notice.ts'

test('nothing is started when systemd does not listen', async () => {
  const notice = createSystemdNotice({
    isNotified: false,
    runProcess: () => Promise.reject(new Error('must not run')),
    log: createMemoryLogger(),
  })
  await notice.send('READY=1')
})

test('a systemd that cannot be told is said once and changes nothing', async () => {
  const log = createMemoryLogger()
  const failures = [new Error('ENOENT'), 1, 1]
  const notice = createSystemdNotice({
    isNotified: true,
    runProcess: async () => {
      const failure = failures.shift()
      if (failure instanceof Error) throw failure
      return { exitCode: failure ?? 0, stdout: '' }
    },
    log,
  })
  for (let message = 0; message < 4; message += 1) await notice.send('WATCHDOG=1')
  expect(log.lines.map(({ level }) => level)).toEqual(['warn'])
})

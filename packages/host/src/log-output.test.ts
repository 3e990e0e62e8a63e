import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { systemClock } from '@rport/kit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from './log.ts'
import { openLogFile, openLogStream } from './log-output.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rport-log-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const fault = (code: string) => Object.assign(new Error(`${code}: no`), { code })

test('a new log file is not for everybody, and lines are appended to an old one', () => {
  const path = join(folder, 'a.log')
  for (const line of ['one', 'two']) {
    const output = openLogFile(path)
    output.write(line)
    output.close()
  }
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
  expect(statSync(path).mode & 0o777 & ~0o640).toBe(0)
})

test('after a rotation lines go to the new file', () => {
  const path = join(folder, 'a.log')
  const output = openLogFile(path)
  output.write('one')
  renameSync(path, `${path}.1`)
  output.write('two')
  output.reopen()
  output.write('three')
  output.close()
  output.reopen()
  output.write('after the end')
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('one\ntwo\n')
  expect(readFileSync(path, 'utf8')).toBe('three\n')
})

test('a file that cannot be opened again is said in the old one, which stays in use', () => {
  const path = join(folder, 'sub.log')
  const log = createLog({ file: path, level: 'info', format: 'text', program: 'rportd', clock: systemClock })
  renameSync(folder, `${folder}-moved`)
  log.reopen()
  log.logger.info({}, 'still here')
  log.close()
  renameSync(`${folder}-moved`, folder)
  expect(readFileSync(path, 'utf8')).toMatch(/error: rportd: log file cannot be reopened.*\n.*still here\n$/)
})

test.each([
  ['a missing folder', 'missing/a.log', /missing\/a\.log: .*ENOENT.*Create its folder/],
  ['a folder', '.', /EISDIR.*to a file, not a folder/],
])('%s as log file stops the start with the fix', (_case, name, message) => {
  expect(() => openLogFile(join(folder, name))).toThrow(message)
})

test('a full disk costs lines but not the program, and the log says how many', () => {
  let freeBytes = 8
  let written = ''
  const output = openLogFile('x', {
    files: {
      open: () => 7,
      write: (_descriptor, bytes) => {
        if (freeBytes === 0) throw fault('ENOSPC')
        const part = bytes.subarray(0, freeBytes)
        freeBytes -= part.length
        written += part.toString()
        return part.length
      },
      close: () => undefined,
      sizeOf: () => undefined,
    },
  })
  output.write('first and long')
  output.write('second')
  freeBytes = 1000
  output.write('back again')
  output.write('and on')
  expect(written).toBe('first an\n(2 log lines were lost: the log could not be written)\nback again\nand on\n')
})

test('a pipe that is full for a moment gets the line, one that stays full loses it', () => {
  let refusals = 3
  const written: string[] = []
  const output = openLogFile('x', {
    files: {
      open: () => 7,
      write: (_descriptor, bytes) => {
        refusals -= 1
        if (refusals >= 0) throw fault('EAGAIN')
        written.push(bytes.toString())
        return bytes.length
      },
      close: () => undefined,
      sizeOf: () => undefined,
    },
  })
  output.write('first')
  refusals = Number.POSITIVE_INFINITY
  output.write('second')
  expect(written).toEqual(['first\n'])
})

test('a reader of standard output that goes away ends nothing, not even after the log was closed', async () => {
  const stream = new PassThrough()
  const output = openLogStream(stream)
  output.write('one')
  expect(stream.read()?.toString()).toBe('one\n')
  output.close()
  const gone = new Promise<void>((resolve) => stream.on('close', resolve))
  stream.destroy(fault('EPIPE'))
  output.write('two')
  await gone
  expect(stream.destroyed).toBe(true)
})

test('a log that is full is put aside, and the oldest ones go', () => {
  const path = join(folder, 'a.log')
  const output = openLogFile(path, { rotation: { maxBytes: 10, keep: 2 } })
  for (const line of ['one', 'two', 'three', 'a line that is longer than all', 'four', 'five']) output.write(line)
  output.close()
  expect(readdirSync(folder).toSorted()).toEqual(['a.log', 'a.log.1', 'a.log.2'])
  expect(readFileSync(path, 'utf8')).toBe('four\nfive\n')
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('a line that is longer than all\n')
  expect(readFileSync(`${path}.2`, 'utf8')).toBe('three\n')
})

test('what was in the file before the start counts', () => {
  const path = join(folder, 'a.log')
  for (const line of ['one', 'two']) {
    const output = openLogFile(path, { rotation: { maxBytes: 7, keep: 1 } })
    output.write(line)
    output.close()
  }
  expect([readFileSync(path, 'utf8'), readFileSync(`${path}.1`, 'utf8')]).toEqual(['two\n', 'one\n'])
})

test('a log that cannot be put aside is written on, and says so', () => {
  const path = join(folder, 'a.log')
  mkdirSync(`${path}.1`)
  const output = openLogFile(path, { rotation: { maxBytes: 8, keep: 1 } })
  for (const line of ['one', 'two', 'three']) output.write(line)
  output.close()
  expect(readFileSync(path, 'utf8')).toMatch(/^one\ntwo\n\(the log could not be put aside: .*\)\nthree\n$/)
})

test('a pipe is never put aside', () => {
  const output = openLogFile('/dev/null', { rotation: { maxBytes: 4, keep: 1 } })
  for (const line of ['one', 'two']) output.write(line)
  output.close()
  expect(existsSync('/dev/null.1')).toBe(false)
})

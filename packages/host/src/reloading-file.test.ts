import { mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@rport/kit'
import { createFakeClock, createMemoryLogger } from '@rport/kit/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openReloadingFile } from './reloading-file.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rport-file-'))
  path = join(folder, 'numbers.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

const parse = (text: string): number[] => {
  if (text.trim() === '') return []
  const value: unknown = JSON.parse(text)
  if (!Array.isArray(value)) throw new Error('expected a list')
  return value
}

async function open(text = '[1]') {
  writeFileSync(path, text, { mode: 0o640 })
  const clock = createFakeClock()
  const log = createMemoryLogger()
  return { clock, log, file: await openReloadingFile({ path, parse, clock, log }) }
}

describe('openReloadingFile', () => {
  it('refuses a file that is missing, damaged or too large at the start, by name', async () => {
    const options = { path, parse, clock: createFakeClock(), log: silentLogger }
    await expect(openReloadingFile(options)).rejects.toThrow(`cannot use ${path}: ENOENT`)
    writeFileSync(path, '{}')
    await expect(openReloadingFile(options)).rejects.toThrow(`cannot use ${path}: expected a list`)
    await expect(openReloadingFile({ ...options, maxBytes: 1 })).rejects.toThrow('it has 2 bytes, 1 are allowed')
  })

  it('notices a change after a second', async () => {
    const { file, clock } = await open()
    writeFileSync(path, '[1,2]')
    expect(await file.current()).toEqual([1])
    await clock.advance(1000)
    expect(await file.current()).toEqual([1, 2])
  })

  it('keeps the last good state of a damaged file and says so once', async () => {
    const { file, clock, log } = await open()
    writeFileSync(path, '[1,')
    for (let look = 0; look < 3; look += 1) {
      await clock.advance(1000)
      expect(await file.current()).toEqual([1])
    }
    expect(log.lines.filter((line) => line.level === 'error')).toHaveLength(1)
    expect(file.problem).toBeDefined()
    writeFileSync(path, '[1,2]')
    await clock.advance(1000)
    expect(await file.current()).toEqual([1, 2])
    expect(file.problem).toBeUndefined()
  })

  it('keeps the last good state of a file that went away', async () => {
    const { file, clock, log } = await open()
    unlinkSync(path)
    await clock.advance(1000)
    expect(await file.current()).toEqual([1])
    await clock.advance(1000)
    await file.current()
    expect(log.lines.filter((line) => line.level === 'error')).toHaveLength(1)
  })

  it('takes an emptied file only when it stays empty', async () => {
    const { file, clock } = await open()
    writeFileSync(path, '')
    await clock.advance(1000)
    expect(await file.current()).toEqual([1])
    await clock.advance(1000)
    expect(await file.current()).toEqual([])
  })

  it('changes what the file says at that moment, one change after the other, and keeps its mode', async () => {
    const { file } = await open()
    writeFileSync(path, '[5]')
    await Promise.all([6, 7, 8].map((number) => file.change((numbers) => JSON.stringify([...numbers, number]))))
    expect(await file.current()).toEqual([5, 6, 7, 8])
    expect(statSync(path).mode & 0o777).toBe(0o640)
  })

  it('neither overwrites nor writes what it cannot understand, and goes on afterwards', async () => {
    const { file } = await open()
    writeFileSync(path, '[1,')
    await expect(file.change(() => '[9]')).rejects.toThrow()
    writeFileSync(path, '[1]')
    await expect(file.change(() => '{}')).rejects.toThrow('expected a list')
    await file.change(() => '[9]')
    expect(await file.current()).toEqual([9])
  })
})

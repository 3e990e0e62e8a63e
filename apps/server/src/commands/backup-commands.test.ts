import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@rport/kit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadServerConfig } from '../config/index.ts'
import { backupCommand } from './backup-command.ts'
import type { Command } from './command.ts'
import { restoreCommand } from './restore-command.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rport-commands-'))
})
afterEach(() => rmSync(root, { recursive: true }))

async function runCommand(command: Command, ...words: readonly string[]) {
  let output = ''
  const readFile = () => {
    throw Object.assign(new Error('none'), { code: 'ENOENT' })
  }
  const loadSettings = (argv: readonly string[]) =>
    loadServerConfig({ argv, env: {}, cwd: root, readFile, cpuCount: 1 })
  const code = await command.run(words, {
    settings(argv) {
      const loaded = loadSettings(argv)
      if (loaded.kind !== 'ready') throw new Error(loaded.kind)
      return loaded.config
    },
    loadSettings,
    print: async (text) => {
      output += text
    },
    complain: (text) => {
      output += text
    },
    progress: () => undefined,
    interruption: () => new AbortController().signal,
    readInput: async () => '',
    log: silentLogger,
  })
  return { code, output }
}

test.each([
  [backupCommand, ['--help'], 'Usage: rportd backup'],
  [restoreCommand, ['-h'], 'Usage: rportd restore'],
])('help is an answer, no failure', async (command, words, text) => {
  const { code, output } = await runCommand(command, ...words)
  expect([code, output]).toEqual([0, expect.stringContaining(text)])
})

test.each([
  [backupCommand, ['--data-dir', '/none'], 'there is no data of a server in /none: start rportd once first'],
  [backupCommand, ['--data-dir', '/etc/passwd'], '/etc/passwd is no folder'],
  [backupCommand, ['--ou', 'x'], `Unknown option '--ou'`],
  [backupCommand, ['x.tar.gz'], '"x.tar.gz" is one word too many. "rportd backup --help"'],
  [restoreCommand, [], 'name the archive: rportd restore ARCHIVE'],
  [restoreCommand, ['none.tar.gz', '--data-dir', '/none'], 'cannot read the archive'],
])('%o %j is refused with the reason', async (command, words, reason) => {
  await expect(runCommand(command, ...words)).rejects.toThrow(reason)
})

test('an archive inside the folder that it saves is refused', async () => {
  mkdirSync(join(root, 'data'))
  writeFileSync(join(root, 'data', 'rportd.db'), '')
  const words = ['--data-dir', join(root, 'data'), '--out', join(root, 'data', 'x.tar.gz')]
  await expect(runCommand(backupCommand, ...words)).rejects.toThrow('be lost with it: choose another place with --out')
})

test('a server whose seed is in no file is saved with a word about it', async () => {
  mkdirSync(join(root, 'data'))
  writeFileSync(join(root, 'data', 'rportd.db'), '')
  const words = ['--data-dir', join(root, 'data'), '--out', join(root, 'x.tar.gz')]
  const { code, output } = await runCommand(backupCommand, ...words)
  expect(code).toBe(0)
  expect(output).toContain('no key seed was found')
  expect(output).toMatch(/x\.tar\.gz: 1 files, \d+ bytes\n$/)
})

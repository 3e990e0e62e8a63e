import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDataFolder } from './data-folder.ts'

const KILLS = 100
const AT_ONCE = 5

/** Takes the folder, then replaces a file for ever, and says so each time. Every text tells how long it has to be. */
const WRITER = `
  const [folder, file, atomicFile, dataFolder] = process.argv.slice(1)
  const { writeFileAtomic } = await import(atomicFile)
  const { openDataFolder } = await import(dataFolder)
  await openDataFolder(folder, { program: 'rport' })
  for (let count = 1; ; count += 1) {
    const length = (count * 7919) % 60_000
    await writeFileAtomic(file, count + ' ' + length + ' ' + 'x'.repeat(length), { mode: 0o600 })
    process.stdout.write(count + '\\n')
  }
`

let root = ''
const children = new Set<ChildProcess>()
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rport-kills-'))
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(root, { recursive: true })
})

const moduleAt = (name: string) => new URL(name, import.meta.url).href

/** @returns the last writing that was acknowledged */
async function writeUntilKilled(folder: string, file: string, writings: number): Promise<number> {
  const paths = [folder, file, moduleAt('./atomic-file.ts'), moduleAt('./data-folder.ts')]
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, ...paths], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const exited = once(child, 'exit')
  let last = 0
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (last === writings) child.kill('SIGKILL')
  }
  await exited
  children.delete(child)
  return last
}

test('a file that is replaced is whole after each of a hundred kills, and the folder can be had again', {
  timeout: 120_000,
}, async () => {
  const mortal = async (name: number) => {
    const folder = join(root, `${name}`)
    const file = join(folder, 'state.json')
    for (let round = 0; round < KILLS / AT_ONCE; round += 1) {
      const acknowledged = await writeUntilKilled(folder, file, 1 + ((round * 3 + name) % 11))
      const text = await readFile(file, 'utf8')
      const [count = '', length = '', rest] = text.split(' ')
      expect(Number(count)).toBeGreaterThanOrEqual(acknowledged)
      expect(rest).toHaveLength(Number(length))
    }
    const kept = await openDataFolder(folder, { program: 'rport' })
    expect(await readdir(folder)).toContain('state.json')
    await kept.close()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, name) => mortal(name)))
})

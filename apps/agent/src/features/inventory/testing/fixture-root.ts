import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createRootFiles, type RootFiles } from '../root-files.ts'

/** A root folder with these files, removed after the test. */
export async function fixtureRoot(tree: Readonly<Record<string, string>>): Promise<RootFiles> {
  const root = await mkdtemp(join(tmpdir(), 'inventory-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(tree)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
  return createRootFiles(root)
}

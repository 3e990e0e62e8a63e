/**
 * `npm run gen`: writes the files that follow from declarations. With `--check` it writes nothing and fails when one of
 * them is not what would be written. To add a file, add `{ path, render }` in generators/ and name it in the list below.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configFiles } from './generators/config-files.ts'
import { errorsPage } from './generators/errors-page.ts'
import { openApiFile } from './generators/openapi.ts'

interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string
  /** The whole text; the same for the same declarations, whatever the machine and the hour. */
  readonly render: () => string
}

const FILES: readonly GeneratedFile[] = [...configFiles, errorsPage, openApiFile]

const root = join(import.meta.dirname, '..')
const isCheck = process.argv.includes('--check')

const stale = FILES.filter(({ path, render }) => {
  const text = render()
  if (text === readText(join(root, path))) return false
  if (!isCheck) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return true
})

for (const { path } of stale)
  console.log(isCheck ? `${path} is not in step: run "npm run gen" and commit it` : `wrote ${path}`)
if (isCheck && stale.length > 0) process.exitCode = 1
if (stale.length === 0) console.log(`${FILES.length} generated files are in step`)

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Missing is one way of not being in step.
    return undefined
  }
}

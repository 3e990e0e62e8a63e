import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { errorTable } from './error-table.ts'
import { plainErrorTable } from './plain-errors.ts'

const page = readFileSync(new URL('../../../../docs/manual/errors.md', import.meta.url), 'utf8')
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| Key'))
  .map((line) => line.slice(2, -2).split(' | '))
const [documented, documentedPlain] = [rows.filter((row) => row.length === 5), rows.filter((row) => row.length === 4)]

describe('the manual’s page of errors', () => {
  test.each(Object.entries(errorTable))(
    'names %s as the table has it',
    (key, row: { status: number; code?: string; title: string }) => {
      const line = documented.find((cells) => cells[0] === key)
      expect(line?.slice(1, 4)).toEqual([
        String(row.status),
        row.code === undefined ? '' : `\`${row.code}\``,
        `\`${row.title.replaceAll('`', "'")}\``,
      ])
    },
  )

  test.each(Object.entries(plainErrorTable))('names the plain text %s as the table has it', (key, row) => {
    const line = documentedPlain.find((cells) => cells[0] === key)
    expect(line?.slice(1, 3)).toEqual([String(row.status), `\`${row.text}\``])
  })

  test('names no error that does not exist', () => {
    expect(documented.map(([key]) => key).sort()).toEqual(Object.keys(errorTable).sort())
    expect(documentedPlain.map(([key]) => key).sort()).toEqual(Object.keys(plainErrorTable).sort())
  })
})

import { renderHelp } from '@rport/config'
import { expect, test } from 'vitest'
import { serverProgram } from '../config/index.ts'
import { commands } from './index.ts'

test('--help of the server names every command, and no other', () => {
  expect(serverProgram.commands?.map(({ name }) => name)).toEqual(commands.map(({ name }) => name))
  for (const { name } of commands) expect(renderHelp(serverProgram)).toContain(`\n  rportd ${name} `)
})

test('every command has a usage that names it', () => {
  for (const { name, usage } of commands) expect(usage).toContain(`rportd ${name}`)
})

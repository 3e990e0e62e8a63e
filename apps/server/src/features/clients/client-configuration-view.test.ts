import { expect, test } from 'vitest'
import { toClientConfigurationView } from './client-configuration-view.ts'

test('expressions that were not reported look as the original shows them', () => {
  const commands = { allow: ['.*', '^ls$'], deny: [], allow_regexp: null, deny_regexp: null }
  expect(toClientConfigurationView({ remote_commands: commands })).toEqual({
    remote_commands: { ...commands, allow_regexp: [{}, {}], deny_regexp: [] },
  })
})

test('reported ones stay as they came', () => {
  const commands = { allow: ['.*'], deny: [], allow_regexp: ['.*'], deny_regexp: null }
  expect(toClientConfigurationView({ remote_commands: commands })).toMatchObject({
    remote_commands: { allow_regexp: ['.*'], deny_regexp: [] },
  })
})

test.each([{}, { remote_commands: null }, { remote_commands: 'x' }])(
  '%j, which no agent reports, is shown as it is',
  (odd) => {
    expect(toClientConfigurationView(odd)).toEqual(odd)
  },
)

import type { Json, JsonObject } from '@rport/protocol'

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * What the API shows of an agent's configuration.
 * compat: the original shows one empty object for each expression of `allow` and `deny`; agents that report no compiled
 * expressions, as ours do for the sake of older servers, look the same.
 */
export function toClientConfigurationView(configuration: JsonObject): JsonObject {
  const commands = configuration['remote_commands']
  if (!isObject(commands)) return { ...configuration }
  const compiled = (key: 'allow' | 'deny'): Json => {
    const given = commands[`${key}_regexp`]
    const expressions = commands[key]
    return given === null && Array.isArray(expressions) ? expressions.map(() => ({})) : (given ?? null)
  }
  return {
    ...configuration,
    remote_commands: { ...commands, allow_regexp: compiled('allow'), deny_regexp: compiled('deny') },
  }
}

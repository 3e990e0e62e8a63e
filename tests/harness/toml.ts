/** Sections of a configuration file; a key with the value undefined is left out. */
export type Settings = Record<string, Record<string, string | number | boolean | readonly string[] | undefined>>

/** Writes the settings as TOML. JSON's strings, numbers, booleans and lists of strings are TOML's, too. */
export function toToml(settings: Settings): string {
  return Object.entries(settings)
    .map(([section, keys]) => {
      const lines = Object.entries(keys)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => `  ${key} = ${JSON.stringify(value)}\n`)
      return `[${section}]\n${lines.join('')}`
    })
    .join('')
}

/** Joins settings; later keys win. */
export function mergeSettings(...all: readonly Settings[]): Settings {
  const merged: Settings = {}
  for (const settings of all) {
    for (const [section, keys] of Object.entries(settings)) merged[section] = { ...merged[section], ...keys }
  }
  return merged
}

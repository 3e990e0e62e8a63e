/**
 * How the settings of a program are described: one declaration gives reading, checking, help, example file and manual.
 * Not for the settings themselves: those stand in each program's config folder, with what they mean together.
 * Start at declaration.ts, then load.ts.
 */
export {
  envName,
  type Objection,
  type Option,
  option,
  type Program,
  type ProgramFlag,
  type Section,
  type SectionTable,
  type Settings,
  section,
} from './declaration.ts'
export { deepFreeze } from './deep-freeze.ts'
export { type Fault, formatFaults, type Notice, type Origin } from './fault.ts'
export { type Loaded, load, type Surroundings } from './load.ts'
export { type OptionType, optionType, ValueError } from './option-type.ts'
export type { RawValue } from './raw-value.ts'
export { renderExample } from './render-example.ts'
export { renderHelp } from './render-help.ts'
export { renderManual } from './render-manual.ts'
export type { Resolution } from './resolve.ts'
export { listOf, readTexts, textList, textMap } from './types/lists.ts'
export { type HostPort, hostPort, networks } from './types/network.ts'
export { bool, duration, float, int } from './types/numbers.ts'
export { httpUrl, isHttpUrl, oneOf, parsedText, path, secret, text } from './types/texts.ts'

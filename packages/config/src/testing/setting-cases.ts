import type { Option, Program } from '../declaration.ts'
import { quote, type RawValue } from '../raw-value.ts'

/** A setting with a right value that is not its default, and a wrong one. */
export interface SettingCase {
  readonly path: string
  readonly section: string
  readonly key: string
  readonly option: Option<unknown>
  /** The right value in TOML, and as an environment variable or a flag has it (undefined: they cannot say it). */
  readonly toml: string
  readonly text: string | undefined
  /** The value that comes of it, as its type writes it. */
  readonly written: string
  /** A value in TOML that must be refused. */
  readonly wrong: string
}

/** Values of every kind; the first that a setting takes and that is not its default is used. */
const CANDIDATES: readonly RawValue[] = [
  true,
  false,
  'http://sample.example.com:8080',
  'https://sample.example.com/path',
  'socks5h://user:word@proxy.example.com:1080',
  '127.0.0.1:4711',
  ['21000-21010', '9090'],
  ['192.0.2.0/24', '2001:db8::/32'],
  ['http://sample.example.com'],
  ['deny', 'allow'],
  ['X-Sample: one, two'],
  ['eth7', '250'],
  ['10.0.0.0/8:443'],
  ['sample=other'],
  '7s',
  '9h',
  '9d',
  3,
  4711,
  10_000,
  'ab:cd',
  'sample',
  ['sample', 'other'],
  { sample: 'value' },
]

/** Cases for every setting of a program that has a key of its own. */
export function settingCases(program: Program): SettingCase[] {
  return Object.entries(program.sections).flatMap(([section, { options }]) =>
    Object.entries(options).map(([key, option]) => toCase(section, key, option)),
  )
}

function toCase(section: string, key: string, option: Option<unknown>): SettingCase {
  const words = [...option.type.name.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)
  const before = option.default === undefined ? undefined : option.type.write(option.default)
  for (const raw of [...words, ...CANDIDATES]) {
    const written = accept(option, raw)
    if (written === undefined || written === before) continue
    const toml = notation(raw)
    const wrong = accept(option, { sample: 'value' }) === undefined ? '{ sample = "value" }' : '5'
    return { path: `${section}.${key}`, section, key, option, toml, text: asText(raw), written, wrong }
  }
  throw new Error(`no sample fits [${section}] ${key}: add one to CANDIDATES`)
}

/** What the type writes of a value that it takes. */
function accept(option: Option<unknown>, raw: RawValue): string | undefined {
  try {
    const value = option.type.read(raw)
    return option.validate?.(value) === undefined ? option.type.write(value) : undefined
  } catch {
    // Not a value of this kind; the next candidate is tried.
    return undefined
  }
}

function notation(raw: RawValue): string {
  if (typeof raw === 'string') return quote(raw)
  if (Array.isArray(raw)) return `[${raw.map(notation).join(', ')}]`
  if (typeof raw === 'object')
    return `{ ${Object.entries(raw).map(([name, value]) => `${name} = ${notation(value)}`)} }`
  return String(raw)
}

function asText(raw: RawValue): string | undefined {
  if (Array.isArray(raw)) return raw.map((item) => (String(item).includes(',') ? `"${item}"` : item)).join(',')
  return typeof raw === 'object' ? undefined : String(raw)
}

import { type OptionType, optionType, type RawValue, readTexts, ValueError } from '@rport/config'
import type { InterpreterAlias } from '../agent-config.ts'

/** Which of the two command filters is asked first. */
export type FilterOrder = readonly ['allow', 'deny'] | readonly ['deny', 'allow']

/** `["allow", "deny"]` or the other way round. */
export const filterOrder = (): OptionType<FilterOrder> =>
  optionType({
    name: '`["allow", "deny"]`, `["deny", "allow"]`',
    placeholder: 'ORDER',
    advice: 'write ["allow", "deny"] or ["deny", "allow"]',
    flagStyle: 'list',
    emptyIsUnset: false,
    read: (raw) => {
      const words = readTexts(raw)
      if (words.join() === 'allow,deny') return ['allow', 'deny']
      if (words.join() === 'deny,allow') return ['deny', 'allow']
      throw new Error(`remote commands: invalid order: [${words.join(' ').slice(0, 60)}]`)
    },
    write: (order) => `["${order.join('", "')}"]`,
  })

/** Path of an interpreter, with up to two encodings; one counts for both directions. */
export const interpreterAlias = (): OptionType<InterpreterAlias> =>
  optionType({
    name: 'path, or list of path and encodings',
    placeholder: '',
    advice: 'write a path, or [path, encoding], or [path, input encoding, output encoding]',
    emptyIsUnset: false,
    read: (raw: RawValue) => {
      if (typeof raw !== 'string' && !Array.isArray(raw)) throw new ValueError('is neither a path nor a list')
      const [path, input, output, ...more] = typeof raw === 'string' ? [raw] : raw.map(readEncoding)
      if (path === undefined || path === '') throw new ValueError('names no path')
      if (more.length > 0) throw new ValueError('has more than a path and two encodings')
      return { path, inputEncoding: input, outputEncoding: output ?? input }
    },
    write: ({ path }) => JSON.stringify(path),
  })

function readEncoding(raw: RawValue): string {
  if (typeof raw !== 'string') throw new ValueError('has an entry that is no text')
  return raw
}

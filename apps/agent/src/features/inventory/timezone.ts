import type { RootFiles } from './root-files.ts'

/** The names that a zone has for its standard and its summer time, with minutes ahead of UTC. */
export type ZoneNames = readonly { readonly name: string; readonly offsetMinutes: number }[]

/**
 * Reads the names from the zone's file: its last line is a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
 * @param zone  name in the time zone database; without a file of it the machine's own zone is read
 * @see         RFC 9636 section 3.3 (footer)
 */
export async function readZoneNames(files: RootFiles, zone: string): Promise<ZoneNames> {
  const isPlain = /^[\w+-]+(?:\/[\w+-]+)*$/.test(zone)
  const content =
    (isPlain ? await files.read(`usr/share/zoneinfo/${zone}`) : undefined) ?? (await files.read('etc/localtime'))
  return content?.startsWith('TZif') ? parseZoneRule(content.slice(content.lastIndexOf('\n') + 1)) : []
}

const RULE = /^(<[\w+-]{1,10}>|[A-Za-z]{3,10})([+-]?[\d:]{1,9})(?:(<[\w+-]{1,10}>|[A-Za-z]{3,10})([+-]?[\d:]{1,9})?)?/

function parseZoneRule(rule: string): ZoneNames {
  const match = RULE.exec(rule)
  if (!match) return []
  const [, standard = '', standardOffset = '', summer, summerOffset] = match
  const offsetMinutes = -minutesOf(standardOffset)
  const bare = (name: string) => name.replace(/[<>]/g, '')
  const names = [{ name: bare(standard), offsetMinutes }]
  if (summer === undefined) return names
  // Without a number of its own summer time is one hour ahead.
  const summerMinutes = summerOffset === undefined ? offsetMinutes + 60 : -minutesOf(summerOffset)
  return [...names, { name: bare(summer), offsetMinutes: summerMinutes }]
}

/** `-5:30` → −330; POSIX counts westwards. */
function minutesOf(text: string): number {
  const [hours = '0', minutes = '0'] = text.replace(/^[+-]/, '').split(':')
  return (text.startsWith('-') ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

/** `CET (UTC+01:00)`; a zone without a name shows its distance, as Go does: `+0530 (UTC+05:30)`. */
export function timezoneText(names: ZoneNames, offsetMinutes: number): string {
  const sign = offsetMinutes < 0 ? '-' : '+'
  const hours = String(Math.floor(Math.abs(offsetMinutes) / 60)).padStart(2, '0')
  const minutes = String(Math.abs(offsetMinutes) % 60).padStart(2, '0')
  const known = names.find((candidate) => candidate.offsetMinutes === offsetMinutes)?.name
  const fallback = offsetMinutes === 0 ? 'UTC' : `${sign}${hours}${minutes === '00' ? '' : minutes}`
  return `${known ?? fallback} (UTC${sign}${hours}:${minutes})`
}

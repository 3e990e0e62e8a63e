import { describe, expect, test } from 'vitest'
import { fixtureRoot } from './testing/fixture-root.ts'
import { readZoneNames, timezoneText } from './timezone.ts'

const zoneFile = (rule: string) => `TZif2${'\0'.repeat(39)}\n${rule}\n`

describe('the time zone', () => {
  test.each([
    ['CET-1CEST,M3.5.0,M10.5.0/3', 60, 'CET (UTC+01:00)'],
    ['CET-1CEST,M3.5.0,M10.5.0/3', 120, 'CEST (UTC+02:00)'],
    ['EST5EDT,M3.2.0,M11.1.0', -300, 'EST (UTC-05:00)'],
    ['EST5EDT,M3.2.0,M11.1.0', -240, 'EDT (UTC-04:00)'],
    ['IST-5:30', 330, 'IST (UTC+05:30)'],
    ['<+0545>-5:45', 345, '+0545 (UTC+05:45)'],
    ['<+1030>-10:30<+11>-11,M10.1.0,M4.1.0', 660, '+11 (UTC+11:00)'],
    ['NST3:30NDT,M3.2.0,M11.1.0', -210, 'NST (UTC-03:30)'],
    ['UTC0', 0, 'UTC (UTC+00:00)'],
    ['nonsense 5', 60, '+01 (UTC+01:00)'],
    ['', 330, '+0530 (UTC+05:30)'],
    ['', 0, 'UTC (UTC+00:00)'],
    ['CET-1', 300, '+05 (UTC+05:00)'],
  ])('of the rule %j, %d minutes ahead, is %s', async (rule, offsetMinutes, expected) => {
    const files = await fixtureRoot({ 'usr/share/zoneinfo/Some/Zone': zoneFile(rule) })
    expect(timezoneText(await readZoneNames(files, 'Some/Zone'), offsetMinutes)).toBe(expected)
  })

  test('is read from the machine when the database has no such zone', async () => {
    const files = await fixtureRoot({ 'etc/localtime': zoneFile('JST-9') })
    expect(timezoneText(await readZoneNames(files, 'Asia/Tokyo'), 540)).toBe('JST (UTC+09:00)')
  })

  test('never leads to a file outside of the database', async () => {
    const files = await fixtureRoot({ 'etc/secret': zoneFile('SECRET-1'), 'etc/localtime': 'no zone file' })
    expect(await readZoneNames(files, '../../../etc/secret')).toEqual([])
  })
})

/**
 * Splits one record of comma-separated values: fields may stand in double quotes, `""` inside them is one quote.
 * @returns undefined when the quotes do not match or another line follows
 * @see     RFC 4180; the original reads texts for lists with Go's encoding/csv
 */
export function splitCsvRecord(record: string): string[] | undefined {
  const fields: string[] = []
  let rest = record
  for (;;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|$)/.exec(rest)
    if (!match) return undefined
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === '') return fields
    rest = rest.slice(match[0].length)
  }
}

import { errorTable, plainErrorTable } from '@rport/api'

/** The manual's page of errors. */
export const errorsPage = { path: 'docs/manual/errors.md', render }

function render(): string {
  const rows = Object.entries<{ status: number; code?: string; title: string; when: string }>(errorTable)
  const lines = rows.map(([key, { status, code = '', title, when }]) => [
    key,
    status,
    quoted(code),
    quoted(title),
    when,
  ])
  const plain = Object.entries(plainErrorTable).map(([key, { status, text, when }]) => [
    key,
    status,
    quoted(text),
    when,
  ])
  return `${intro}
${table(['Key', 'Status', 'Code', 'Title', 'When, and what to do'], lines)}

${plainIntro}
${table(['Key', 'Status', 'Text', 'When, and what to do'], plain)}
`
}

const intro = `# Errors

<!-- Made by \`npm run gen\` from packages/api/src/errors; do not edit. -->

An error of the API is a JSON document with one or more entries. The status of the answer is that of the first one.

\`\`\`json
{ "errors": [{ "code": "", "title": "tunnel not found", "detail": "" }] }
\`\`\`

All three are always texts. Most codes are empty, as in the original; match on the status and, where there is one, the code.
\`{names}\` in a title stand for values of the request. The key is our own name of the error; it is not sent.
`

const plainIntro = `## Plain texts

These are answered as \`text/plain\`, each followed by a line end, because they arise before or beside the API.
`

type Cell = string | number

const quoted = (text: string): string => (text === '' ? '' : `\`${text.replaceAll('`', "'")}\``)

const table = (head: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n')

const cell = (value: Cell): string => String(value).replaceAll('|', '\\|')

import { expect, test } from 'vitest'
import { headingNames, localLinks } from './markdown.ts'

test('links into the repository are found, those elsewhere and those in code are not', () => {
  const text =
    'See [a](docs/a.md#b), ![c](/img/c.png "title") and [web](https://example.org), `[x](y)`.\n```\n[z](z)\n```\n'
  expect(localLinks(text)).toEqual(['docs/a.md#b', '/img/c.png'])
})

test('headings are named as code hosts name them', () => {
  const text =
    '# Who may import whom?\n## `npm test` & co\n```\n# not a heading\n```\n## Twice\n## Twice\n## [Link](x) here'
  expect([...headingNames(text)]).toEqual(['who-may-import-whom', 'npm-test--co', 'twice', 'twice-1', 'link-here'])
})

import { renderOpenApi } from '@rport/api'
import { version } from '@rport/kit'

/** The description of the API for people who generate clients from it; the server serves the same one. */
export const openApiFile = {
  path: 'docs/openapi.json',
  render: (): string => `${JSON.stringify(renderOpenApi(version), null, 2)}\n`,
}

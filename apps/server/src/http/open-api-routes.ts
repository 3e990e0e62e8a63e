import { description, renderOpenApi } from '@rport/api'
import { type RouteSet, routes } from './routes.ts'

/** Serves the API's description of itself. It never changes while the server runs, so it is rendered once, when first asked for. */
export function openApiRoutes(version: string): RouteSet {
  let document: Record<string, unknown> | undefined
  return routes(description, {
    openApi: () => {
      document ??= renderOpenApi(version)
      return document
    },
  })
}

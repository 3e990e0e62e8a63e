import { type ServerStatusView, status } from '@rport/api'
import { type RouteSet, routes } from '../../http/index.ts'

/** @param facts what the server says about itself at this moment; compose.ts gathers it from config and features */
export const statusRoutes = (facts: () => ServerStatusView | Promise<ServerStatusView>): RouteSet =>
  routes(status, { get: () => facts() })

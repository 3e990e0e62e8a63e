/** A reply of the API as it came over the wire. */
export interface ApiReply {
  status: number
  headers: Headers
  /** Parsed JSON, undefined when there was none. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests look at replies from outside, without the program's own types
  json: any
  text: string
}

/** A tunnel as the API shows it; only what the tests look at. */
export interface TunnelView {
  id: string
  lhost: string
  lport: string
  rhost: string
  rport: string
  owner: string
}

/** A client as the API shows it; only what the tests look at. */
export interface ClientView {
  id: string
  name: string
  connection_state: 'connected' | 'disconnected'
  tunnels: TunnelView[]
  client_configuration: unknown
}

/** The API as a stranger uses it: HTTP with basic authentication, no code of the programs. */
export interface Api {
  readonly baseUrl: string
  call(method: string, path: string, body?: unknown): Promise<ApiReply>
  get(path: string): Promise<ApiReply>
  /** Opens a tunnel and fails loudly when it is refused. */
  openTunnel(clientId: string, query: Record<string, string | number>): Promise<TunnelView & { port: number }>
  /** undefined when the server does not know it. */
  client(clientId: string): Promise<ClientView | undefined>
  clients(): Promise<ClientView[]>
}

/** How long one call may take before it counts as unanswered. */
const CALL_LIMIT_MS = 15_000

export function createApi(options: { baseUrl: string; user: string; password: string }): Api {
  const authorization = `Basic ${Buffer.from(`${options.user}:${options.password}`).toString('base64')}`
  const api: Api = {
    baseUrl: options.baseUrl,
    async call(method, path, body) {
      const response = await fetch(options.baseUrl + path, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(CALL_LIMIT_MS),
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, json: parse(text), text }
    },
    get: (path) => api.call('GET', path),
    async openTunnel(clientId, query) {
      const parameters = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]))
      const reply = await api.call('PUT', `/api/v1/clients/${clientId}/tunnels?${parameters}`)
      if (reply.status !== 200) throw new Error(`tunnel refused with ${reply.status}: ${reply.text}`)
      const tunnel = reply.json.data as TunnelView
      return { ...tunnel, port: Number(tunnel.lport) }
    },
    async client(clientId) {
      const reply = await api.get(`/api/v1/clients/${clientId}`)
      if (reply.status === 404) return undefined
      if (reply.status !== 200) throw new Error(`client ${clientId}: ${reply.status} ${reply.text}`)
      return reply.json.data as ClientView
    },
    async clients() {
      const fields = 'fields[clients]=id,name,connection_state,tunnels'
      const reply = await api.get(`/api/v1/clients?page[limit]=500&${fields}`)
      if (reply.status !== 200) throw new Error(`clients: ${reply.status} ${reply.text}`)
      return reply.json.data as ClientView[]
    },
  }
  return api
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not every reply is JSON; tests that expect JSON see undefined
  }
}

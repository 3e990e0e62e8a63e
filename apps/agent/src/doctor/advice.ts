import type { ServerAddressConfig } from '../config/index.ts'

/** Steps of the way to a server, each of which can fail. */
export type Stage =
  | 'name'
  | 'connection'
  | 'proxy'
  | 'certificate'
  | 'WebSocket'
  | 'handshake'
  | 'fingerprint'
  | 'credentials'

/** Words of the system and of servers that mean something of their own. The first that matches counts. */
const HINTS: readonly (readonly [Stage, RegExp, string])[] = [
  ['name', /EAI_AGAIN/, 'no name server answers: check /etc/resolv.conf and whether this machine has a network at all'],
  [
    'connection',
    /ECONNREFUSED/,
    'nobody listens there: check the port (that of [server] address, not that of the API) and whether rportd runs',
  ],
  [
    'connection',
    /EHOSTUNREACH|ENETUNREACH/,
    'this machine has no way to that address: check its network and its routes',
  ],
  ['connection', /ETIMEDOUT|within/, 'a firewall drops it silently, or the address is wrong: try from another network'],
  ['connection', /interface|no address of the family/, 'check client.bind_interface'],
  ['proxy', /ECONNREFUSED/, 'nobody listens at the address in client.proxy'],
  ['proxy', /407|user|password|login/, 'check user and password in client.proxy'],
  [
    'certificate',
    /expired|not yet valid/,
    "check the clock of this machine, and whether the server's certificate was renewed",
  ],
  [
    'certificate',
    /altname|does not match/i,
    "the certificate is for another name: use the server's own name in client.server",
  ],
  ['certificate', /ca_file/, 'check the path and who may read it'],
  [
    'certificate',
    /wrong version number|packet length|disconnected|closed the connection/,
    'the port seems to speak no TLS: write http:// instead of https://, or use the right port',
  ],
  [
    'certificate',
    /issuer|self-signed|unable to/i,
    "where a company's own authority signed it, name its file in connection.ca_file",
  ],
  [
    'WebSocket',
    /404/,
    'something else answers there: check the port (that of [server] address, not that of the API) and, behind a reverse proxy, its path',
  ],
  [
    'WebSocket',
    /redirected/,
    'write the address that it redirects to into client.server, usually https:// instead of http://',
  ],
  ['WebSocket', /423/, 'this address is banned after failed logins: wait, then mend client.auth first'],
  ['WebSocket', /503/, 'the server is busy or starting: it works again in a moment'],
  ['WebSocket', /does not speak HTTP/, 'another program listens there: check the port'],
  [
    'WebSocket',
    /40[013]|50[024]/,
    'a proxy in between does not let WebSockets through: it has to pass on Upgrade and Connection',
  ],
  [
    'WebSocket',
    /closed the connection|within/,
    'the port may want TLS (https:// in client.server), or a proxy in between knows no WebSockets',
  ],
]

/** What can be done when nothing more is known than the step. */
const GENERAL: Readonly<Record<Stage, string>> = {
  name: "check client.server for a typing error, and this machine's name servers",
  connection: 'check client.server, and whether a firewall stands in between',
  proxy: 'check client.proxy: its address, user and password, and whether it lets this machine reach the server',
  certificate: "check the server's name and certificate, and the clock of this machine",
  WebSocket: 'check client.server: it has to lead to the port where agents arrive',
  handshake: 'something in between cuts or changes the connection, or the server ends it: look into its log',
  fingerprint: 'compare client.fingerprint with the one that the server shows',
  credentials: 'check client.auth',
}

/** The way out of a failed step. */
export function adviceFor(stage: Stage, detail: string, { auth }: Pick<ServerAddressConfig, 'auth'>): string {
  if (stage === 'credentials') {
    return auth
      ? 'check client.auth: id and password as the server has them; after a failed login the server waits some seconds'
      : 'this server wants credentials: set auth = "id:password" in [client], or start with --auth'
  }
  return HINTS.find(([of, words]) => of === stage && words.test(detail))?.[2] ?? GENERAL[stage]
}

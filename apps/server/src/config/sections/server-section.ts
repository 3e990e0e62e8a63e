import {
  bool,
  duration,
  float,
  hostPort,
  httpUrl,
  int,
  networks,
  option,
  path,
  secret,
  section,
  text,
  textList,
} from '@rport/config'
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND, parseIpNetwork } from '@rport/kit'
import { objectToPorts } from '../port-policy.ts'
import { isProxyUrl, objectToPairingUrl, objectToUrls } from '../urls.ts'
import { portTexts, tlsVersion } from './kinds.ts'

const DEFAULT_MAX_REQUEST_BYTES = 512 * 1024

/** Proxies on the server's own machine. */
export const LOOPBACK = ['127.0.0.0/8', '::1'].flatMap((network) => parseIpNetwork(network) ?? [])

const planned = { feature: 'planned' } as const

/** `[server]`: the port for agents, what agents log in with, tunnels, and where the server keeps its things. */
export const serverSection = section({
  title: 'Server',
  description: 'The port on which agents arrive, what they log in with, their tunnels, and the data folder.',
  options: {
    address: option(hostPort('0.0.0.0:8080'), {
      default: { host: '0.0.0.0', port: 8080 },
      flag: 'addr',
      short: 'a',
      description:
        'Address and port where agents connect. Without a host (":8080") the server listens on all addresses, IPv6 too; one IPv6 address stands in brackets.',
    }),
    url: option(textList('URL'), {
      default: [],
      flag: 'url',
      description:
        'Addresses under which agents reach the server from outside. Printed and handed out to new agents; set it when the server is behind a proxy or a port forwarding.',
      defaultText: 'made from `address`',
      example: '["http://rport.example.com"]',
      validate: objectToUrls,
    }),
    pairing_url: option(text(), {
      default: 'https://pairing.openrport.io',
      description: 'Address of the pairing service that is handed out to new agents. Empty: none.',
      validate: objectToPairingUrl,
    }),
    key_seed: option(secret(), {
      flag: 'key',
      env: ['RPORT_KEY'],
      set: true,
      description:
        'Seed of the key by which agents recognise this server. Whoever knows it can play the server: make a random one (openssl rand -hex 18) and keep it. Remove the line to have one made at the first start and kept in the data folder. The line must not stay empty.',
      defaultText: 'made at the first start and kept in the data folder',
      example: '""',
    }),
    auth: option(secret('ID:PASSWORD'), {
      flag: 'auth',
      description:
        'One credential for all agents. Without it, a credential file or a table the server keeps credentials itself and makes the first one at the first start.',
      example: '"agents:a-long-password"',
    }),
    auth_file: option(path(), {
      flag: 'authfile',
      description:
        'JSON file with credentials of agents: an object with a password for each id, or the format of the first release, a list of expressions for each "id:password". Edits count at once.',
      example: '"/var/lib/rport/client-auth.json"',
    }),
    auth_table: option(text(), {
      flag: 'auth-table',
      description:
        'Table with credentials of agents, with the columns id and password, in the database of the section database.',
      example: '"clients_auth"',
    }),
    insecure_no_auth: option(bool(), {
      default: false,
      flag: 'insecure-no-auth',
      since: '2.1.0',
      description:
        'Let agents in that bring no credentials, beside those that do. Whoever reaches the port can then register as a client.',
    }),
    auth_multiuse_creds: option(bool(), {
      default: true,
      flag: 'auth-multiuse-creds',
      description: 'Several agents may log in with the same credential.',
    }),
    equate_clientauthid_clientid: option(bool(), {
      default: false,
      flag: 'equate-clientauthid-clientid',
      description:
        'An agent without an id is given the id of its credential. Has an effect only when credentials are not shared.',
    }),
    auth_write: option(bool(), {
      default: true,
      flag: 'auth-write',
      description:
        'The API may change the credentials of agents. Switch it off when another program keeps the file or table.',
    }),
    proxy: option(text(), {
      flag: 'proxy',
      secret: true,
      description:
        'Web server to which plain HTTP requests on the port for agents are passed on, so that strangers see a web site there. Not for WebSockets.',
      example: '"http://intranet.example.com:8080/"',
      validate: (url) =>
        url === undefined || isProxyUrl(url)
          ? undefined
          : { message: 'missing protocol: proxy', fix: 'write a URL with scheme and host: "http://intranet:8080/"' },
    }),
    legacy_api: option(bool(), {
      default: false,
      flag: 'legacy-api',
      since: '2.1.0',
      description:
        'Answer the API of the first release (/api/v1/sessions) on the port for agents, without login, for programs on this machine only.',
    }),
    trusted_proxies: option(networks(), {
      default: LOOPBACK,
      since: '2.1.0',
      description:
        'Proxies in front of the port for agents that tell the true address of a caller in X-Forwarded-For. Nobody else is believed.',
    }),
    max_connections_without_login: option(int({ min: 0, max: 100_000 }), {
      default: 1000,
      since: '2.1.0',
      description:
        'Connections of one address on the port for agents that have not logged in yet; further ones are closed at once. Agents whose last connection came from the address are allowed beyond it. Raise it when more new ones than that come from behind one address. 0: no limit. Those of trusted_proxies are counted by the address that the proxy tells.',
    }),
    used_ports: option(portTexts(), {
      default: ['20000-30000'],
      flag: 'use-ports',
      description:
        'Ports of this server that tunnels may use. When it is not set, random ports are taken from the default and any port from 1025 up may be asked for; when it is set, it holds for both.',
      validate: (texts) => objectToPorts('used_ports', texts),
    }),
    excluded_ports: option(portTexts(), {
      default: ['1-1024'],
      flag: 'exclude-ports',
      short: 'e',
      description: 'Ports that tunnels never use, although they are among the used ones.',
      validate: (texts) => objectToPorts('excluded_ports', texts),
    }),
    data_dir: option(path(), {
      default: '/var/lib/rport',
      flag: 'data-dir',
      set: true,
      description: 'Folder where the server keeps everything. It is made when it is missing; back it up.',
      validate: (folder) =>
        folder === '' ? { message: "'data directory path' cannot be empty", fix: 'name a folder' } : undefined,
    }),
    sqlite_wal: option(bool(), {
      default: true,
      description:
        'Write-ahead log for the databases of the server. Switch it off only on file systems that cannot do it.',
    }),
    max_concurrent_ssh_handshakes: option(int({ min: 1, max: 10_000 }), {
      description:
        'How many agents may log in at the same moment; the others wait. A high number makes the server busy after a restart, a low one lets agents wait.',
      defaultText: 'half of the processors, at least one',
      example: '4',
    }),
    connectors: option(int({ min: 0, max: 64 }), {
      default: 0,
      since: '2.1.0',
      description:
        'Processes that serve agents and the visitors of their tunnels beside the main process, so that more than one core works for them. Set it on a server whose main process keeps a core busy, to the number of cores that it may use. 0: one process does it all. Linux and FreeBSD.',
      example: '4',
    }),
    purge_disconnected_clients: option(bool(), {
      default: false,
      description: 'Forget clients that have been away for longer than keep_disconnected_clients.',
    }),
    keep_disconnected_clients: option(duration(), {
      default: MS_PER_HOUR,
      description:
        'How long clients that are away are kept, from "1s" to "168h"; "0" forgets them at once. Ignored unless purge_disconnected_clients is on.',
    }),
    purge_disconnected_clients_interval: option(duration({ min: MS_PER_SECOND }), {
      default: MS_PER_MINUTE,
      description: 'How often clients to be forgotten are looked for.',
    }),
    check_clients_connection_interval: option(duration(), {
      default: 5 * MS_PER_MINUTE,
      description: 'How often the server asks each agent of the original whether it is still there. At least "2m".',
    }),
    check_clients_connection_timeout: option(duration({ min: 1 }), {
      default: 30 * MS_PER_SECOND,
      description: 'How long an agent has to answer that question before it counts as gone.',
    }),
    max_request_bytes_client: option(int({ min: 4096, max: 64 * 1024 * 1024 }, 'BYTES'), {
      default: DEFAULT_MAX_REQUEST_BYTES,
      flag: 'max-request-bytes-client',
      unit: 'bytes',
      description: 'Largest request that an agent may send.',
    }),
    check_port_timeout: option(duration(), {
      default: 2 * MS_PER_SECOND,
      flag: 'check-port-timeout',
      description: 'How long an agent may try whether the target of a new tunnel answers. At most "1m".',
      validate: (timeoutMs) =>
        timeoutMs > MS_PER_MINUTE
          ? { message: "'check_port_timeout' can not be more than 1m0s", fix: 'write "1m" or less' }
          : undefined,
    }),
    run_remote_cmd_timeout_sec: option(int({ min: 1, max: 86_400 * 365 }, 'SECONDS'), {
      ...planned,
      default: 60,
      flag: 'run-remote-cmd-timeout-sec',
      unit: 'seconds',
      description: 'How long a command may run when nobody says how long.',
    }),
    allow_root: option(bool(), {
      default: false,
      flag: 'allow-root',
      description: 'Let the server run as root. It needs no such rights; a user of its own is safer.',
    }),
    client_login_wait: option(float({ min: 0, max: 3600 }, 'SECONDS'), {
      default: 2,
      unit: 'seconds',
      description: 'Pause of a credential after a failed login of an agent. 0: none.',
    }),
    max_failed_login: option(int({ min: 0 }), {
      default: 5,
      description: 'Failed logins of agents from one address before the address is banned. 0: never.',
    }),
    ban_time: option(int({ min: 0 }, 'SECONDS'), {
      default: 3600,
      unit: 'seconds',
      description: 'How long such an address is banned. 0: not at all.',
    }),
    tunnel_host: option(text(), {
      ...planned,
      description: 'Name or address of this server in links to tunnels, where it differs from that of the API.',
      example: '"tunnels.example.com"',
      validate: (host) =>
        host === undefined || /^[A-Za-z0-9.:_-]{1,253}$/.test(host)
          ? undefined
          : {
              message: `invalid tunnel_host '${host.slice(0, 60)}': use IP address or FQDN`,
              fix: 'write only the host',
            },
    }),
    tunnel_proxy_cert_file: option(path(), {
      ...planned,
      flag: 'tunnel-proxy-cert-file',
      description: 'Certificate (PEM) for tunnels to web servers that the server serves with HTTPS.',
      example: '"/var/lib/rport/server.crt"',
    }),
    tunnel_proxy_key_file: option(path(), {
      ...planned,
      flag: 'tunnel-proxy-key-file',
      description: 'Key (PEM) of that certificate.',
      example: '"/var/lib/rport/server.key"',
    }),
    tunnel_enable_acme: option(bool(), {
      ...planned,
      default: false,
      description: "Have the certificate for tunnel_host made and renewed by Let's Encrypt.",
    }),
    tunnel_cors: option(textList('ORIGINS'), {
      ...planned,
      default: [],
      description: 'Origins of web pages that may call tunnels to web servers: "*" or "https://host".',
    }),
    novnc_root: option(path(), {
      ...planned,
      flag: 'novnc-root',
      description: 'Folder with the noVNC program for desktops in the browser.',
      example: '"/var/lib/rport/noVNC"',
    }),
    guacd_address: option(hostPort('127.0.0.1:4822'), {
      ...planned,
      flag: 'guacd-address',
      description: 'Address of the guacd daemon for remote desktops in the browser.',
      example: '"127.0.0.1:4822"',
    }),
    jobs_max_results: option(int({ min: 1 }), {
      ...planned,
      default: 10_000,
      description: 'How many results of commands and scripts are kept.',
    }),
    tls_min: option(tlsVersion(), {
      ...planned,
      default: '1.3',
      description: 'Smallest version of TLS for tunnels to web servers.',
    }),
    acme_http_port: option(int({ min: 0, max: 65_535 }, 'PORT'), {
      default: 0,
      description:
        "Port for the HTTP challenge of Let's Encrypt; it must be reachable as port 80. 0: the name is proved on the port of the API instead.",
    }),
    acme_directory: option(httpUrl(), {
      default: 'https://acme-v02.api.letsencrypt.org/directory',
      since: '2.1.0',
      description:
        'Directory of another authority that speaks ACME. One of your own must be known to Node: NODE_EXTRA_CA_CERTS=/path/root.pem.',
      validate: (url) =>
        url.startsWith('https://')
          ? undefined
          : { message: "'acme_directory' must be an https URL", fix: 'write "https://ca.example.com/acme/directory"' },
    }),
    cleanup_lost_clients: option(bool(), {
      default: false,
      deprecatedFor: 'server.purge_disconnected_clients',
      description: 'Older name.',
    }),
    keep_lost_clients: option(duration(), {
      default: 0,
      deprecatedFor: 'server.keep_disconnected_clients',
      description: 'Older name.',
    }),
    cleanup_clients_interval: option(duration(), {
      default: 0,
      deprecatedFor: 'server.purge_disconnected_clients_interval',
      description: 'Older name.',
    }),
    max_request_bytes: option(int({ min: 0, max: 64 * 1024 * 1024 }), {
      default: 0,
      deprecatedFor: 'api.max_request_bytes',
      description: 'Older place.',
    }),
    max_filepush_size: option(int({ min: 0 }), {
      default: 0,
      deprecatedFor: 'api.max_filepush_size',
      description: 'Older place.',
    }),
    enable_ws_test_endpoints: option(bool(), {
      default: false,
      deprecatedFor: 'api.enable_ws_test_endpoints',
      description: 'Older place.',
    }),
  },
})

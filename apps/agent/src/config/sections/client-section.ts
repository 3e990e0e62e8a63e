import { bool, duration, httpUrl, int, option, path, secret, section, text, textList, textMap } from '@rport/config'
import { MS_PER_HOUR, MS_PER_MINUTE } from '@rport/kit'
import { objectToProxy, objectToServers } from '../server-url.ts'
import { objectToTunnelAllowed } from '../tunnel-rules.ts'

const planned = { feature: 'planned' } as const

/** `[client]`: the server, who this machine is, and its tunnels. */
export const clientSection = section({
  title: 'Client',
  description: 'Which server to connect to, who this machine is, and which tunnels may lead to it.',
  options: {
    server: option(text(), {
      positional: 'first',
      set: true,
      example: '"rport.example.com:8080"',
      description:
        'Address of the server: host:port, or a URL with http or https. Without a port it is 80, with https 443. On the command line it is the first argument.',
      validate: (address) => (address === undefined ? undefined : objectToServers([address], 'server')),
    }),
    fallback_servers: option(textList('SERVER'), {
      default: [],
      flag: 'fallback-server',
      wholeFlag: true,
      description:
        'Servers to try, in this order, when that one is not reachable. Fingerprint and credential are the same for all.',
      validate: (addresses) => objectToServers(addresses, 'fallback server'),
    }),
    server_switchback_interval: option(duration(), {
      default: 2 * MS_PER_MINUTE,
      flag: 'server-switchback-interval',
      description: 'How often to try to return from one of these to the first server. Less than "5s" counts as that.',
    }),
    fingerprint: option(text(), {
      flag: 'fingerprint',
      env: ['RPORT_FINGERPRINT'],
      description:
        'Fingerprint of the server, as it prints it. Without it, anybody on the way can pretend to be the server and learn the password.',
      example: '"5d:b3:ee:37:b2:31:cc:ce:93:d4:69:21:16:5d:36:11"',
      validate: (fingerprint) =>
        fingerprint === undefined || /^[0-9a-f]{2}(:[0-9a-f]{2}){0,15}:?$/i.test(fingerprint.trim())
          ? undefined
          : {
              message: 'fingerprint is no MD5 fingerprint: pairs of hexadecimal digits with colons between them',
              fix: 'copy it from the server: rportd-fingerprint.txt in its data folder',
            },
    }),
    auth: option(secret('ID:PASSWORD'), {
      flag: 'auth',
      env: ['RPORT_AUTH'],
      description: 'Credential that the server knows: id and password.',
      example: '"agents:a-long-password"',
      validate: (auth) =>
        auth === undefined || /^[^:]+:./s.test(auth.reveal())
          ? undefined
          : {
              message: 'auth is no credential: expected <id>:<password>',
              fix: 'write id and password with a colon between them',
            },
    }),
    proxy: option(secret('URL'), {
      flag: 'proxy',
      description:
        'HTTP or SOCKS5 proxy on the way to the server, with user and password if it asks for them. Special characters in them are written as in a URL: %40 for @.',
      example: '"socks5h://user:password@proxy.example.com:1080"',
      validate: (url) => (url === undefined ? undefined : objectToProxy(url.reveal())),
    }),
    id: option(text(), {
      flag: 'id',
      description:
        'Id by which the server knows this machine; everything about it is kept under this id. Without it the id of the machine is taken, see use_system_id.',
      example: '"warehouse-7"',
    }),
    use_system_id: option(bool(), {
      flag: 'use-system-id',
      defaultText: 'true when started by hand, false as a service',
      example: 'true',
      set: true,
      description: "Take the machine's own id when id is not set.",
    }),
    name: option(text(), {
      flag: 'name',
      description: 'Name that people see. Without it the host name is taken, see use_hostname.',
      example: '"Warehouse 7"',
    }),
    use_hostname: option(bool(), {
      flag: 'use-hostname',
      defaultText: 'true when started by hand, false as a service',
      example: 'true',
      set: true,
      description: 'Take the host name when name is not set.',
    }),
    tags: option(textList('TAG'), {
      default: [],
      flag: 'tag',
      short: 't',
      wholeFlag: true,
      description: 'Words by which this machine can be found.',
      example: '["linux", "shop"]',
    }),
    labels: option(textMap(), {
      default: {},
      description: 'Facts by which this machine can be found: names and values. Names are taken in lower case.',
      example: '{ city = "Cologne" }',
    }),
    attributes_file_path: option(path(), {
      description:
        'JSON file with tags and labels. When it can be read, it replaces both, and the server may change it.',
      example: '"/var/lib/rport/attributes.json"',
    }),
    remotes: option(textList('REMOTE'), {
      positional: 'rest',
      default: [],
      description:
        'Standing tunnels, open as long as this machine is connected: "22" takes any port of the server, "2222:22" port 2222, "2222:10.0.0.5:22" leads to another machine. On the command line they follow the server.',
      example: '["2222:22"]',
    }),
    tunnel_allowed: option(textList('RULES'), {
      default: [],
      description:
        'What tunnels may lead to: addresses, networks, ports, such as "127.0.0.1", "10.0.0.0/8:443" or ":22". An entry with only a port allows it on every address. Empty: everything.',
      example: '["127.0.0.0/8", "192.168.1.0/24:3389"]',
      validate: objectToTunnelAllowed,
    }),
    allow_root: option(bool(), {
      default: false,
      flag: 'allow-root',
      description: 'Let the agent run as root. A user of its own is safer.',
    }),
    updates_interval: option(duration({}), {
      ...planned,
      default: 4 * MS_PER_HOUR,
      flag: 'updates-interval',
      description: 'How often to look for updates of the operating system. "0": never.',
    }),
    data_dir: option(path(), {
      flag: 'data-dir',
      defaultText: '/var/lib/rport, on Windows C:\\Program Files\\rport',
      example: '"/var/lib/rport"',
      description: 'Folder where the agent keeps its things. It is made when it is missing.',
    }),
    bind_interface: option(text(), {
      flag: 'bind-interface',
      description: 'Network interface through which to reach the server: the connection leaves from its first address.',
      example: '"eth0"',
    }),
    ip_api_url: option(httpUrl(), {
      description:
        'Service that tells the address of this machine as the world sees it: a GET is answered with JSON that has it in "ip". Empty: nobody is asked.',
      example: '"https://ip.example.com"',
    }),
    ip_refresh_min: option(int(), {
      default: 30,
      unit: 'minutes',
      description: 'How often to ask it. 0: never.',
    }),
  },
})

import { bool, duration, int, oneOf, option, path, section, text, textList } from '@rport/config'
import { MS_PER_MINUTE, MS_PER_SECOND } from '@rport/kit'
import { objectToHeaders } from '../headers.ts'
import { objectToCard } from '../network-card.ts'
import { filterOrder } from './kinds.ts'

const DEFAULT_SEND_BACK_BYTES = 4 * 1024 * 1024
const planned = { feature: 'planned' } as const

export const connectionSection = section({
  title: 'Connection',
  description: 'How the agent holds its connection to the server.',
  options: {
    keep_alive: option(duration(), {
      default: 3 * MS_PER_MINUTE,
      flag: 'keepalive',
      description: 'How often to ask a server of the original whether it is still there. "0": never.',
    }),
    keep_alive_timeout: option(duration({ min: 1 }), {
      default: 30 * MS_PER_SECOND,
      description: 'How long it has to answer before the connection is given up.',
    }),
    max_retry_count: option(int({ min: -1 }), {
      default: -1,
      flag: 'max-retry-count',
      description: 'How often to try again before the agent ends. -1: for ever.',
    }),
    max_retry_interval: option(duration(), {
      default: 5 * MS_PER_MINUTE,
      flag: 'max-retry-interval',
      description: 'Longest wait between two attempts.',
    }),
    watchdog_integration: option(bool(), {
      default: false,
      description:
        'Keep the file state.json in the data folder up to date, and tell systemd, so that a watchdog can look.',
    }),
    ca_file: option(path(), {
      flag: 'ca-file',
      since: '2.1.0',
      description:
        "File with certificates (PEM) of authorities that may have signed the server's certificate, beside those that this machine trusts anyway. It is read at each attempt.",
      example: '"/etc/rport/company-ca.pem"',
    }),
    hostname: option(text(), {
      flag: 'hostname',
      description: 'Value of the Host header, where it differs from the address of the server.',
      example: '"rport.example.com"',
    }),
    headers: option(textList('HEADER'), {
      default: [],
      flag: 'header',
      wholeFlag: true,
      secret: true,
      description: 'More headers for the request that opens the connection.',
      example: '["User-Agent: rport"]',
      validate: objectToHeaders,
    }),
  },
})

export const loggingSection = section({
  title: 'Log',
  description: 'Where the log goes, and how much of it.',
  options: {
    log_file: option(path(), {
      flag: 'log-file',
      short: 'l',
      description: 'File that the log is added to. Without it the log goes to standard output.',
      defaultText: 'standard output',
      example: '"/var/log/rport/rport.log"',
    }),
    log_level: option(
      oneOf(['error', 'info', 'debug'], (bad) => `invalid log level: ${bad}`),
      {
        default: 'info',
        flag: 'log-level',
        description: 'How much is written.',
      },
    ),
  },
})

export const commandsSection = section({
  title: 'Commands',
  description: 'Commands that the server sends.',
  options: {
    enabled: option(bool(), {
      ...planned,
      default: true,
      flag: 'remote-commands-enabled',
      description: 'Run commands.',
    }),
    send_back_limit: option(int({}, 'BYTES'), {
      ...planned,
      default: DEFAULT_SEND_BACK_BYTES,
      flag: 'remote-commands-send-back-limit',
      unit: 'bytes',
      description: 'How much of each output is sent back.',
      validate: (bytes) => (bytes < 0 ? `remote commands: send back limit can not be negative: ${bytes}` : undefined),
    }),
    allow: option(textList('EXPRESSIONS'), {
      ...planned,
      default: ['^/usr/bin/.*', '^/usr/local/bin/.*', '^C:\\\\Windows\\\\System32\\\\.*'],
      description: 'Expressions for commands that may run.',
    }),
    deny: option(textList('EXPRESSIONS'), {
      ...planned,
      default: ['(\\||<|>|;|,|\\n|&)'],
      description: 'Expressions for commands that may not run.',
    }),
    order: option(filterOrder(), {
      ...planned,
      default: ['allow', 'deny'],
      description:
        'With ["allow", "deny"] a command runs when it is allowed and not denied; with ["deny", "allow"] when it is allowed or not denied.',
    }),
  },
})

export const scriptsSection = section({
  title: 'Scripts',
  description: 'Scripts that the server sends. They need commands to be enabled, too.',
  options: {
    enabled: option(bool(), {
      ...planned,
      default: false,
      flag: 'remote-scripts-enabled',
      description: 'Run scripts.',
    }),
  },
})

export const monitoringSection = section({
  title: 'Monitoring',
  description: 'Measurements of this machine.',
  options: {
    enabled: option(bool(), { ...planned, default: true, flag: 'monitoring-enabled', description: 'Measure.' }),
    interval: option(duration(), {
      ...planned,
      default: MS_PER_MINUTE,
      flag: 'monitoring-interval',
      description: 'How often. Less than "60s" counts as that.',
    }),
    fs_type_include: option(textList('TYPE'), {
      ...planned,
      default: ['ext3', 'ext4', 'xfs', 'jfs', 'ntfs', 'btrfs', 'hfs', 'apfs', 'exfat', 'smbfs', 'nfs'],
      flag: 'monitoring-fs-type-include',
      wholeFlag: true,
      description: 'Kinds of file systems that are measured.',
    }),
    fs_path_exclude: option(textList('PATH'), {
      ...planned,
      default: [],
      flag: 'monitoring-fs-path-exclude',
      wholeFlag: true,
      description: 'Mount points or drive letters that are left out; * and ? stand for anything.',
    }),
    fs_path_exclude_recurse: option(bool(), {
      ...planned,
      default: false,
      flag: 'monitoring-fs-path-exclude-recurse',
      description: 'Leave out what is mounted below these paths, too.',
    }),
    fs_identify_mountpoints_by_device: option(bool(), {
      ...planned,
      default: true,
      flag: 'monitoring-fs-identify-mountpoints-by-device',
      description: 'Measure a device once, however often it is mounted. Linux only.',
    }),
    pm_enabled: option(bool(), {
      ...planned,
      default: true,
      flag: 'monitoring-pm-enabled',
      description: 'List the running processes.',
    }),
    pm_kerneltasks_enabled: option(bool(), {
      ...planned,
      default: true,
      flag: 'monitoring-pm-kerneltasks-enabled',
      description: 'List tasks of the kernel, too.',
    }),
    pm_max_number_processes: option(int({ min: 0, max: 100_000 }), {
      ...planned,
      default: 500,
      flag: 'monitoring-pm-max-number-processes',
      description: 'How many processes at most.',
    }),
    net_lan: option(textList('CARD'), {
      ...planned,
      default: [],
      flag: 'monitoring-net-lan',
      wholeFlag: true,
      description: 'Inner network card and its speed in Mbit/s.',
      example: '["eth0", "1000"]',
      validate: objectToCard,
    }),
    net_wan: option(textList('CARD'), {
      ...planned,
      default: [],
      flag: 'monitoring-net-wan',
      wholeFlag: true,
      description: 'Outer network card and its speed in Mbit/s.',
      example: '["eth1", "100"]',
      validate: objectToCard,
    }),
  },
})

export const fileReceptionSection = section({
  title: 'Files',
  description: 'Files that the server sends.',
  options: {
    enabled: option(bool(), {
      ...planned,
      default: true,
      flag: 'file-reception-enabled',
      description: 'Take files.',
    }),
    protected: option(textList('GLOB'), {
      ...planned,
      flag: 'file-reception-protected',
      wholeFlag: true,
      defaultText: 'the folders of the operating system',
      example: '["/bin", "/sbin", "/boot", "/usr/bin", "/usr/sbin", "/dev", "/lib*", "/run"]',
      description: 'Folders that no file is written to; * and ? stand for anything.',
    }),
  },
})

export const tunnelsSection = section({
  title: 'Standing tunnels',
  description: 'What is true for all standing tunnels.',
  options: {
    scheme: option(text(), {
      ...planned,
      flag: 'scheme',
      description: 'What speaks at the other end: "http", "https", "ssh", "rdp", "vnc".',
      example: '"http"',
    }),
    reverseproxy: option(bool(), {
      ...planned,
      default: false,
      flag: 'enable-reverse-proxy',
      description: 'Have the server put its web proxy before them.',
    }),
    hostheader: option(text(), {
      ...planned,
      flag: 'host-header',
      description: 'Value of the Host header behind that proxy.',
      example: '"intranet.example.com"',
    }),
  },
})
